import { anything } from './fault-operations.ts';
import type { Outcome } from './fault-responses.ts';

/** Compares the data of a response with the expected data. */

type Path = readonly (string | number)[];

interface Difference {
  path: Path;
  what: string;
  /** Whether the data is missing, not wrong. */
  isNull: boolean;
}

const maxDifferences = 5;

/**
 * The wrong values in the data. A null that has an error is not wrong, and a shortened window may end early if it has a next
 * page.
 * @param nullIsTrue whether a null without an error is correct too, because Spotify may have responded that an object
 * does not exist
 */
export function wrongData(
  { data, errors, extensions }: Outcome,
  truth: unknown,
  nullIsTrue = false,
): string[] {
  const shortened = extensions.spotify?.shortened ?? [];
  const expected = shortened.reduce((expectation, { path }) => shorten(expectation, data, path), truth);
  const hasError = (path: Path) => errors.some((error) => path.every((key, i) => error.path?.[i] === key));
  return [...differences(data, expected, [])]
    .filter(({ isNull, path }) => !isNull || !(nullIsTrue || hasError(path)))
    .map(({ path, what }) => `${path.join('.')}: ${what}`)
    .slice(0, maxDifferences);
}

/** The expected data with a window that is as long as the response, and with a next page. */
function shorten(truth: unknown, data: unknown, [key, ...rest]: Path): unknown {
  if (!isRecord(truth) || !isRecord(data)) return truth;
  if (key !== undefined) return { ...truth, [key]: shorten(truth[key], data[key], rest) };
  const entries = Object.entries(truth).map(([name, value]) => {
    const sent = data[name];
    if (Array.isArray(value) && Array.isArray(sent)) return [name, value.slice(0, Math.max(1, sent.length))];
    return [name, name === 'pageInfo' && isRecord(value) ? { ...value, hasNextPage: true } : value];
  });
  return Object.fromEntries(entries);
}

const isRecord = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null;

function* differences(value: unknown, truth: unknown, path: Path): Generator<Difference> {
  if (value === null) {
    if (truth !== null) yield { path, what: 'is null without an error', isNull: true };
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
  const expectedCount = Object.keys(truth).length;
  if (entries.length !== expectedCount) {
    yield { path, what: `has ${entries.length} of ${expectedCount} entries`, isNull: false };
  }
  for (const [key, entry] of entries) {
    const entryPath = [...path, Array.isArray(value) ? Number(key) : key];
    yield* differences(entry, (truth as Record<string, unknown>)[key], entryPath);
  }
}
