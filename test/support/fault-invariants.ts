import { type FieldNode, Kind, parse, type SelectionSetNode } from 'graphql';
import type { AnswerError, Outcome } from './fault-answers.ts';
import { wrongData } from './fault-truth.ts';

/** What holds for every answer, whatever went wrong. */

const deadlineSlackMs = 250;
const maxAttempts = 3;

/** The codes of the contract. */
const codes = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OVERLOADED',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'QUERY_TOO_COMPLEX',
  'UPSTREAM_AUTH_FAILED',
  'UPSTREAM_BAD_RESPONSE',
  'UPSTREAM_FORBIDDEN',
  'UPSTREAM_QUOTA_EXCEEDED',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
]);
/** Those of a whole request, which belong to no field. */
const withoutPath = new Set([
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OVERLOADED',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'QUERY_TOO_COMPLEX',
]);
const told = new Set(['code', 'retryAfter', 'limit', 'actual', 'stale', 'requestId']);
const withRetryAfter = new Set(['UPSTREAM_RATE_LIMITED', 'UPSTREAM_QUOTA_EXCEEDED']);

export interface Allowances {
  deadlineMs: number;
  /** How many times longer everything takes on this machine; default 1. */
  machineLoad?: number;
  /** The truth about the answer, where it is not that of the catalogue. */
  truth?: unknown;
  /** Whether Spotify itself may have said that something is not there. */
  nullIsTrue?: boolean;
  /** Whether a page may have been read anew because its list had changed. */
  readsAnew?: boolean;
}

/** The promises that an answer breaks; empty for a right one. */
export function violations(outcome: Outcome, allowed: Allowances): string[] {
  const late = outcome.ms - allowed.deadlineMs - deadlineSlackMs * (allowed.machineLoad ?? 1);
  return [
    ...(late > 0 ? [`answered ${Math.round(late)} ms after the deadline and its slack`] : []),
    ...outcome.errors.flatMap((error) => violationsInError(error, outcome)),
    ...(outcome.data === null || outcome.data === undefined ? violationsWithoutData(outcome) : []),
    ...(outcome.data ? wrongData(outcome, allowed.truth ?? outcome.operation.truth, allowed.nullIsTrue) : []),
    ...(allowed.readsAnew ? [] : tooManyAttempts(outcome)),
  ];
}

function violationsInError({ path, extensions = {} }: AnswerError, { operation, data }: Outcome): string[] {
  const { code = '(none)' } = extensions;
  const found: string[] = [];
  if (!codes.has(code)) found.push(`code ${code} is none of the contract`);
  const extra = Object.keys(extensions).filter((key) => !told.has(key));
  if (extra.length > 0) found.push(`an error tells ${extra.join(', ')}`);
  if (withRetryAfter.has(code) && !((extensions.retryAfter ?? 0) > 0))
    found.push(`${code} without retryAfter`);
  if (path === undefined) {
    if (!withoutPath.has(code)) found.push(`${code} without a path`);
  } else if (!resolves(path, operation.query)) {
    found.push(`path ${path.join('.')} is none of the query`);
  } else if (valueAt(data, path) !== null) {
    found.push(`path ${path.join('.')} leads to a value`);
  }
  return found;
}

function violationsWithoutData({ errors, status }: Outcome): string[] {
  if (errors.length === 0) return [`status ${status} with neither data nor errors`];
  const refused = errors.every(({ extensions }) => withoutPath.has(extensions?.code ?? ''));
  return refused ? [] : ['a failed field took all data with it'];
}

/** Whether a path names something that the query selects. */
function resolves(path: readonly (string | number)[], query: string): boolean {
  const [operation] = parse(query).definitions;
  let set: SelectionSetNode | undefined =
    operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet : undefined;
  for (const key of path) {
    if (typeof key === 'number') continue;
    const field: FieldNode | undefined = set?.selections
      .filter((each) => each.kind === Kind.FIELD)
      .find(({ alias, name }) => (alias ?? name).value === key);
    if (!field) return false;
    set = field.selectionSet;
  }
  return true;
}

/** What stands at a path; null too where the way there ends in a null. */
function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value = data;
  for (const key of path) {
    if (value === null || value === undefined) return null;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value ?? null;
}

/** A call has three attempts; a refused token is replaced once more. */
function tooManyAttempts({ extensions }: Outcome): string[] {
  const attempts = new Map<string, { count: number; refused: boolean }>();
  const spent = (extensions.spotify?.calls ?? []).filter(({ origin }) => origin !== 'cache');
  const tokenRefused = spent.some(({ status }) => status === 401);
  for (const { method, path, status } of spent) {
    const name = `${method} ${path}`;
    const known = attempts.get(name) ?? { count: 0, refused: method === 'POST' && tokenRefused };
    attempts.set(name, { count: known.count + 1, refused: known.refused || status === 401 });
  }
  return [...attempts].flatMap(([name, { count, refused }]) =>
    count > maxAttempts + (refused ? maxAttempts : 0) ? [`${count} attempts of ${name}`] : [],
  );
}
