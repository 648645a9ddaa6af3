import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { GatewayError, QueryTooComplex } from '../errors.ts';
import { getOrCreate } from '../maps.ts';
import type { Log } from '../observability/log.ts';
import type { Plan } from '../schema/planning/plan.ts';
import type { SelectionTree } from '../schema/planning/selection-tree.ts';
import { asGraphQLError } from './executor.ts';
import { errorAt, positionsOf } from './positions.ts';
import { maxBodyBytes } from './validation.ts';

/** Makes the error that the client sees. @param requestId for the log, if the error is a bug of an operation */
export type MaskError = (error: unknown, requestId?: string | null) => GraphQLError;

/**
 * Makes the error that the client sees of every error: errors of the gateway keep their code, errors of GraphQL and of
 * its transport keep their message. Any other error is a bug: it is logged, and the client gets a general message.
 */
export function createMask(log: Log): MaskError {
  return (error, requestId) => {
    const located = error instanceof GraphQLError ? error : undefined;
    const original = rootCause(error);
    if (original instanceof GatewayError) return toGraphQLError(original, located);
    if (located && original instanceof GraphQLError) return protocolError(located);
    log.error({ err: original, ...(requestId && { requestId }) }, 'bug');
    // Without a path the whole response has failed.
    const http = located?.path ? {} : { http: { status: 500 } };
    return withLocation(
      'The gateway failed because of a bug: its log has the details.',
      { code: bugCode, ...http },
      located,
    );
  };
}

/** @param at the error that has the location in the document */
function toGraphQLError(error: GatewayError, at?: GraphQLError): GraphQLError {
  const { code, details, message } = error;
  // The status is that of the whole response: if only a field has failed, the response has data.
  const http = code === 'QUERY_TOO_COMPLEX' && at?.path ? {} : httpFor(error);
  return withLocation(message, { code, ...details, ...http }, at);
}

/** The HTTP status of a code; `spec`: only for clients that accept `application/graphql-response+json`. */
function httpFor({ code, details }: GatewayError): { http?: object } {
  switch (code) {
    case 'OVERLOADED':
      return { http: { status: 503, headers: { 'retry-after': `${details.retryAfter ?? 1}` } } };
    case 'QUERY_TOO_COMPLEX':
    case 'PERSISTED_QUERY_NOT_FOUND':
    case 'PERSISTED_QUERY_NOT_SUPPORTED':
      return { http: { status: 400, spec: true } };
    case 'BAD_REQUEST':
      return { http: { status: 400 } };
    default:
      return {};
  }
}

/** An error of GraphQL or of yoga, without the extensions that a client does not need. */
function protocolError(error: GraphQLError): GraphQLError {
  const { http } = error.extensions;
  const code = codeOfProtocolError(error);
  if (code === 'REQUEST_ENTITY_TOO_LARGE') {
    return withLocation(
      bodyTooLargeMessage,
      { code: 'QUERY_TOO_COMPLEX', limit: maxBodyBytes, http },
      undefined,
    );
  }
  // A request that is not a GraphQL request gets its HTTP status in every media type.
  if (code === 'BAD_REQUEST' && http !== undefined)
    return withLocation(error.message, { code, http: { ...(http as object), spec: false } }, error);
  const isAboutRequest = error.path === undefined;
  const status = http ?? (isAboutRequest ? { status: 400, spec: code === 'BAD_USER_INPUT' } : undefined);
  return withLocation(error.message, { code, ...(status !== undefined && { http: status }) }, error);
}

export const bodyTooLargeMessage = `The body of a request may have at most ${maxBodyBytes} bytes.`;

/** The code that an error will have after it is masked. */
function codeOf(error: unknown): string {
  const original = rootCause(error);
  if (original instanceof GatewayError) return original.code;
  return original instanceof GraphQLError ? codeOfProtocolError(original) : bugCode;
}

/**
 * An error of a valid document that has locations and no code is about an argument: it is not nullable, and its variable
 * has a default value but is null. Errors of graphql-jit have no extensions.
 */
const codeOfProtocolError = ({ extensions, locations }: GraphQLError): string =>
  String(extensions?.['code'] ?? (locations ? 'BAD_USER_INPUT' : 'BAD_REQUEST'));

/** The code of an error that is a bug of the gateway. */
export const bugCode = 'INTERNAL_SERVER_ERROR';

function rootCause(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError) inner = inner.originalError;
  return inner;
}

function withLocation(message: string, extensions: Record<string, unknown>, at: GraphQLError | undefined) {
  return at ? errorAt(at, message, extensions) : new GraphQLError(message, { extensions });
}

const maxPerCodeAndField = 10;

/**
 * The errors that are sent: the first ten of each code and field, of which the last states how many were omitted.
 * @param selectionTree of the operation, which names the field of an error
 * @param mask makes the error that the client sees
 */
export function errorsToSend(
  errors: readonly GraphQLError[],
  selectionTree: SelectionTree,
  mask: (error: unknown) => GraphQLError,
): GraphQLError[] {
  const groups = new Map<string, { last: number; omitted: number; size: number }>();
  const sentErrors: GraphQLError[] = [];
  for (const error of errors) {
    const key = `${codeOf(error)} ${selectionTree.fieldAt(error.path ?? [])}`;
    const group = getOrCreate(groups, key, () => ({ last: 0, omitted: 0, size: 0 }));
    if (group.size === maxPerCodeAndField) {
      group.omitted += 1;
      continue;
    }
    group.size += 1;
    group.last = sentErrors.length;
    sentErrors.push(mask(asGraphQLError(error)));
  }
  for (const { last, omitted } of groups.values()) {
    if (omitted > 0) sentErrors[last] = withOmitted(sentErrors[last] as GraphQLError, omitted);
  }
  return sentErrors;
}

const withOmitted = (error: GraphQLError, omitted: number): GraphQLError =>
  errorAt(error, `${error.message} (And ${omitted} more of this kind.)`, { ...error.extensions, omitted });

/** An error in the form in which it is written as JSON: without its HTTP status and headers. */
export function formatted(error: GraphQLError): GraphQLFormattedError {
  const { message, path } = error;
  const { http, ...extensions } = error.extensions ?? {};
  const locations = positionsOf(error);
  return {
    message,
    ...(locations.length > 0 && { locations }),
    ...(path && { path }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
  };
}

export function tooManyCalls(limit: number, { calls: actual, costliestField }: Plan): QueryTooComplex {
  const most = costliestField && `, ${costliestField.calls} of them for ${costliestField.name}`;
  return new QueryTooComplex(
    `This operation may need ${actual} Spotify calls${most ?? ''}; ${limit} are allowed. Request smaller pages or fewer fields.`,
    { limit, actual },
  );
}

export function tooManyFields(limit: number, fields: number): QueryTooComplex {
  const actual = Math.min(fields, Number.MAX_SAFE_INTEGER);
  return new QueryTooComplex(
    `The response may have ${actual} fields; ${limit} are allowed. Request smaller pages or fewer fields.`,
    { limit, actual },
  );
}

export const tooLarge = (limit: number, actual: number) =>
  new QueryTooComplex(
    `The response has more than ${limit} bytes, which is the maximum. Request smaller pages or fewer fields.`,
    { limit, actual },
  );
