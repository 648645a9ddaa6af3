import type { Outcome } from './fault-answers.ts';
import { anything } from './fault-operations.ts';

/** Compares the data of an answer with the truth. */

type Path = readonly (string | number)[];

interface Difference {
  path: Path;
  what: string;
  /** Whether data is withheld there, and not told wrongly. */
  isNull: boolean;
}

const mostTold = 5;

/**
 * Where the data lies. Null is no lie where an error says why.
 * @param nullIsTrue whether Spotify itself may have said that something is not there
 */
export function wrongData({ data, errors }: Outcome, truth: unknown, nullIsTrue = false): string[] {
  const isExcused = (path: Path) => errors.some((error) => path.every((key, i) => error.path?.[i] === key));
  return [...differences(data, truth, [])]
    .filter(({ isNull, path }) => !isNull || !(nullIsTrue || isExcused(path)))
    .map(({ path, what }) => `${path.join('.')}: ${what}`)
    .slice(0, mostTold);
}

function* differences(value: unknown, truth: unknown, path: Path): Generator<Difference> {
  if (value === null) {
    if (truth !== null) yield { path, what: 'is null and no error says why', isNull: true };
  } else if (truth === anything) {
    return;
  } else if (typeof value === 'object') {
    yield* differencesWithin(value, truth, path);
  } else if (value !== truth) {
    const what = `is ${JSON.stringify(value)}, not ${JSON.stringify(truth)}`;
    yield { path, what, isNull: false };
  }
}

function* differencesWithin(value: object, truth: unknown, path: Path): Generator<Difference> {
  if (typeof truth !== 'object' || truth === null) {
    yield { path, what: 'should not be there', isNull: false };
    return;
  }
  const entries = Object.entries(value);
  const due = Object.keys(truth).length;
  if (entries.length !== due) {
    yield { path, what: `has ${entries.length} of ${due} entries`, isNull: false };
  }
  for (const [key, entry] of entries) {
    const place = [...path, Array.isArray(value) ? Number(key) : key];
    yield* differences(entry, (truth as Record<string, unknown>)[key], place);
  }
}
