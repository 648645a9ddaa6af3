/** Mistakes in the environment that do not stop the start. Each has one warning. */

/** The end of every message about a variable: the place of its description. */
export const docsHint = 'See "Configuration" in the README.';

type Environment = Readonly<Record<string, string | undefined>>;

/** How long a shutdown waits for running operations: longer than their default deadline (8 s). */
export const drainMs = 9_000;

/** The values of which a combination may be a mistake. */
interface Checked {
  NODE_ENV?: string | undefined;
  SPOTIFY_CLIENT_ID?: string | undefined;
  UPSTREAM_TIMEOUT_MS: number;
  REQUEST_TIMEOUT_MS: number;
  TRUSTED_DOCUMENTS?: { size: number } | undefined;
}

/** Variables that are near one of the gateway's, and belong to other programs. */
const foreignNames = new Set(['HTTP_PROXY']);

/**
 * The variables whose names are probably misspelled.
 * @param names of the variables that the gateway reads
 */
export function misspelledNames(environment: Environment, names: readonly string[]): string[] {
  const isSet = (name: string) => (environment[name] ?? '') !== '';
  return Object.keys(environment)
    .filter((name) => isSet(name) && !names.includes(name) && !foreignNames.has(name.toUpperCase()))
    .flatMap((name) => {
      const similarName = names.find(
        (candidate) => !isSet(candidate) && isNear(name.toUpperCase(), candidate),
      );
      return similarName ? [`The variable ${name} is not read: did you mean ${similarName}?`] : [];
    });
}

/** A line of a `.env` file that sets a variable. */
export interface Assignment {
  /** Its number, from 1. */
  line: number;
  name: string;
  /** With the quotes around it. */
  value: string;
}

/** The variables that a `.env` file sets more than once. Only the last line of each is read. */
export function repeatedNames(file: string, assignments: readonly Assignment[]): string[] {
  const lines = new Map<string, string[]>();
  for (const { name, line } of assignments) lines.set(name, [...(lines.get(name) ?? []), `${line}`]);
  return [...lines]
    .filter(([, numbers]) => numbers.length > 1)
    .map(
      ([name, numbers]) =>
        `Lines ${listFormat.format(numbers)} of ${file} set ${name}: only the last one is read.`,
    );
}

const listFormat = new Intl.ListFormat('en');

/** `docker run --env-file`, unlike a shell and a `.env` file, keeps the quotes of a value. */
const inQuotes = /^(["']).*\1$/;

/** Combinations of valid values that are probably a mistake. */
export function doubtfulValues(environment: Environment, checked: Checked): string[] {
  const { NODE_ENV: nodeEnv = '', UPSTREAM_TIMEOUT_MS, REQUEST_TIMEOUT_MS } = checked;
  const isSandbox = !checked.SPOTIFY_CLIENT_ID;
  const unused = ['SPOTIFY_API_URL', 'SPOTIFY_TOKEN_URL'].filter((name) => environment[name]);
  const dataDir = environment['DATA_DIR'] ?? '';
  const quoted = ['DATA_DIR', 'NO_PROXY'].filter((name) => inQuotes.test(environment[name] ?? ''));
  return [
    ...quoted.map((name) => `${name} is in quotes, which are part of its value here: leave them out.`),
    dataDir !== 'none' &&
      /^\s*none\s*$/i.test(dataDir) &&
      `DATA_DIR is ${JSON.stringify(dataDir)}, not "none": it is the name of a directory, in which data is kept.`,
    nodeEnv !== 'production' &&
      /^[\s"']*prod/i.test(nodeEnv) &&
      `NODE_ENV is ${JSON.stringify(nodeEnv)}, not "production": GraphiQL, introspection and the quota stay open.`,
    isSandbox &&
      nodeEnv === 'production' &&
      'NODE_ENV is "production", but SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set: the gateway serves made-up music.',
    isSandbox &&
      unused.length > 0 &&
      `${unused.join(' and ')} ${unused.length > 1 ? 'have' : 'has'} no effect: without SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET the gateway calls its own sandbox.`,
    !isSandbox &&
      environment['SANDBOX_QUOTA_MODE'] !== undefined &&
      'SANDBOX_QUOTA_MODE has no effect: with SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET no sandbox is started.',
    checked.TRUSTED_DOCUMENTS?.size === 0 && 'TRUSTED_DOCUMENTS has no documents: every request is rejected.',
    UPSTREAM_TIMEOUT_MS > REQUEST_TIMEOUT_MS &&
      `UPSTREAM_TIMEOUT_MS (${UPSTREAM_TIMEOUT_MS}) is longer than REQUEST_TIMEOUT_MS (${REQUEST_TIMEOUT_MS}): every request ends before a slow call does.`,
    REQUEST_TIMEOUT_MS > drainMs &&
      `REQUEST_TIMEOUT_MS (${REQUEST_TIMEOUT_MS}) is longer than a shutdown waits (${drainMs}): it may cut responses off.`,
  ].filter((warning) => warning !== false);
}

/** Whether a name differs from the name of a variable by a typing error, or leaves out words of it. */
function isNear(name: string, candidate: string): boolean {
  const [words, candidateWords] = [name.split('_'), candidate.split('_')];
  const isShortened =
    words.length > 1 &&
    words[0] === candidateWords[0] &&
    words.every((word) => candidateWords.includes(word));
  const mostEdits = candidate.length < 15 ? 1 : 2;
  return isShortened || isWithinEdits(name, candidate, mostEdits);
}

/** Whether so many edits turn one text into the other: each inserts, deletes or replaces a character, or swaps neighbours. */
export function isWithinEdits(one: string, other: string, edits: number): boolean {
  let start = 0; // of the first difference
  while (start < one.length && one[start] === other[start]) start++;
  const [rest, otherRest] = [one.slice(start), other.slice(start)];
  if (rest === otherRest) return true;
  if (edits === 0) return false;
  const isEqualAfter = (skipped: number, otherSkipped: number) =>
    isWithinEdits(rest.slice(skipped), otherRest.slice(otherSkipped), edits - 1);
  const isExchanged = rest[0] === otherRest[1] && rest[1] === otherRest[0];
  return (
    isEqualAfter(1, 0) || isEqualAfter(0, 1) || isEqualAfter(1, 1) || (isExchanged && isEqualAfter(2, 2))
  );
}
