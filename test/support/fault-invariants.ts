import { type FieldNode, Kind, parse, type SelectionSetNode } from 'graphql';
import type { Call, Outcome, ResponseError } from './fault-responses.ts';
import { wrongData } from './fault-truth.ts';

/** The invariants of every response, for any fault. */

const deadlineSlackMs = 250;
const maxAttempts = 3;

/** The documented error codes. */
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
/** The error codes of a whole request, which have no path. */
const withoutPath = new Set([
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OVERLOADED',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'QUERY_TOO_COMPLEX',
]);
const allowedExtensions = new Set(['code', 'retryAfter', 'limit', 'actual', 'omitted']);
const withRetryAfter = new Set(['UPSTREAM_RATE_LIMITED', 'UPSTREAM_QUOTA_EXCEEDED']);

export interface Allowances {
  deadlineMs: number;
  /** How many times longer everything takes on this machine than on an idle one; default 1. */
  machineLoad?: number;
  /** The expected data, if it is not that of the catalogue. */
  truth?: unknown;
  /** Whether a null without an error is correct too, because Spotify may have responded that an object does not exist. */
  nullIsTrue?: boolean;
  /** Whether a page may have been read again because its list had changed. */
  readsAnew?: boolean;
  /** Whether other operations run at the same time, in whose calls Spotify may reject the common token. */
  sharesToken?: boolean;
}

/** The invariants that a response violates; empty for a correct one. */
export function violations(outcome: Outcome, allowed: Allowances): string[] {
  const late = outcome.ms - allowed.deadlineMs - deadlineSlackMs * (allowed.machineLoad ?? 1);
  return [
    ...(late > 0 ? [`responded ${Math.round(late)} ms after the deadline and its slack`] : []),
    ...outcome.errors.flatMap((error) => violationsInError(error, outcome)),
    ...(outcome.data === null || outcome.data === undefined ? violationsWithoutData(outcome) : []),
    ...(outcome.data ? wrongData(outcome, allowed.truth ?? outcome.operation.truth, allowed.nullIsTrue) : []),
    ...(allowed.readsAnew ? [] : tooManyAttempts(outcome, allowed.sharesToken ?? false)),
  ];
}

function violationsInError({ path, extensions = {} }: ResponseError, { operation, data }: Outcome): string[] {
  const { code = '(none)' } = extensions;
  const found: string[] = [];
  if (!codes.has(code)) found.push(`code ${code} is not documented`);
  const extra = Object.keys(extensions).filter((key) => !allowedExtensions.has(key));
  if (extra.length > 0) found.push(`an error has the extensions ${extra.join(', ')}`);
  if (withRetryAfter.has(code) && !((extensions.retryAfter ?? 0) > 0))
    found.push(`${code} without retryAfter`);
  if (path === undefined) {
    if (!withoutPath.has(code)) found.push(`${code} without a path`);
  } else if (!resolves(path, operation.query)) {
    found.push(`path ${path.join('.')} is not in the query`);
  } else if (valueAt(data, path) !== null) {
    found.push(`path ${path.join('.')} leads to a value`);
  }
  return found;
}

function violationsWithoutData({ errors, status }: Outcome): string[] {
  if (errors.length === 0) return [`status ${status} with neither data nor errors`];
  const isRejected = errors.every(({ extensions }) => withoutPath.has(extensions?.code ?? ''));
  return isRejected ? [] : ['a failed field made all data null'];
}

/** Whether the query selects the path. */
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

/** The value at a path; null if a part of the path is null. */
function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value = data;
  for (const key of path) {
    if (value === null || value === undefined) return null;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value ?? null;
}

/** A read and the renewal of a token have three attempts each. */
function tooManyAttempts({ extensions }: Outcome, sharesToken: boolean): string[] {
  const sent = (extensions.spotify?.calls ?? []).filter(({ origin }) => origin !== 'cache');
  const [tokenRequests, reads] = [sent.filter(isTokenRequest), sent.filter((each) => !isTokenRequest(each))];
  const attempts = new Map<string, number>();
  for (const { method, path } of reads) {
    const name = `${method} ${path}`;
    attempts.set(name, (attempts.get(name) ?? 0) + 1);
  }
  return [
    ...[...attempts]
      .filter(([, count]) => count > maxAttempts)
      .map(([name, count]) => `${count} attempts of ${name}`),
    ...tooManyRenewals(tokenRequests, reads, sharesToken),
  ];
}

const isTokenRequest = ({ method }: Call): boolean => method === 'POST';

/**
 * A token is renewed again only if Spotify has rejected it: in a call of this operation, or of another one with the same token.
 * Each further call of this operation may then wait for a renewal.
 */
function tooManyRenewals(requests: readonly Call[], reads: readonly Call[], sharesToken: boolean): string[] {
  const isRejected = reads.some(({ status }) => status === 401);
  const renewals = sharesToken ? 1 + reads.length : isRejected ? 2 : 1;
  let sinceToken = 0;
  let longest = 0;
  for (const { status } of requests) {
    sinceToken += 1;
    longest = Math.max(longest, sinceToken);
    if (status === 200) sinceToken = 0;
  }
  const statuses = requests.map(({ status }) => status ?? 'none').join(', ');
  return [
    ...(longest > maxAttempts ? [`${longest} attempts of one renewal of the token: ${statuses}`] : []),
    ...(requests.length > renewals * maxAttempts ? [`${requests.length} token requests: ${statuses}`] : []),
  ];
}
