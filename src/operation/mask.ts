import { GraphQLError } from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import { maxBodyBytes } from './limits.ts';
import { errorAt } from './positions.ts';

/**
 * Makes the error that the client sees of every error: errors of the gateway keep their code, errors of GraphQL and of
 * its transport keep their message. Any other error is a bug: it is logged, and the client gets a general message.
 */
export function createMask(log: Log) {
  return (error: unknown): GraphQLError => {
    const located = error instanceof GraphQLError ? error : undefined;
    const original = rootCause(error);
    if (original instanceof GatewayError) return toGraphQLError(original, located);
    if (located && original instanceof GraphQLError) return protocolError(located);
    log.error({ err: original }, 'bug');
    // Without a path the whole response has failed.
    const http = located?.path ? {} : { http: { status: 500 } };
    return withLocation('Something went wrong on our side.', { code: bugCode, ...http }, located);
  };
}

/** @param at the error that has the location in the document */
export function toGraphQLError(error: GatewayError, at?: GraphQLError): GraphQLError {
  const { code, details, message } = error;
  return withLocation(message, { code, ...details, ...httpFor(error) }, at);
}

/** The HTTP status of a code; `spec`: only for clients that accept `application/graphql-response+json`. */
function httpFor({ code, details }: GatewayError): { http?: object } {
  switch (code) {
    case 'OVERLOADED':
      return { http: { status: 503, headers: { 'retry-after': `${details.retryAfter ?? 1}` } } };
    case 'QUERY_TOO_COMPLEX':
      return { http: { status: 400, spec: true } };
    case 'BAD_REQUEST':
      return { http: { status: 400 } };
    default:
      return {};
  }
}

/** An error of GraphQL or of yoga, without the extensions that a client does not need. */
function protocolError(error: GraphQLError): GraphQLError {
  const { code = 'BAD_REQUEST', http } = error.extensions;
  // A request that is not a GraphQL request gets its HTTP status in every media type.
  const rejection = { ...(http as object), spec: false };
  if (code === 'REQUEST_ENTITY_TOO_LARGE') {
    return withLocation(error.message, { code: 'QUERY_TOO_COMPLEX', limit: maxBodyBytes, http }, undefined);
  }
  if (code === 'BAD_REQUEST' && http !== undefined)
    return withLocation(error.message, { code, http: rejection }, error);
  // An error without a path is about the request.
  const whole = http ?? (error.path === undefined ? { status: 400 } : undefined);
  return withLocation(error.message, { code, ...(whole !== undefined && { http: whole }) }, error);
}

/** The code that an error will have after it is masked. */
export function codeOf(error: unknown): string {
  const original = rootCause(error);
  if (original instanceof GatewayError) return original.code;
  // Errors of graphql-jit have no extensions.
  const extensions = original instanceof GraphQLError ? (original.extensions ?? {}) : { code: bugCode };
  return String(extensions['code'] ?? 'BAD_REQUEST');
}

const bugCode = 'INTERNAL_SERVER_ERROR';

function rootCause(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError) inner = inner.originalError;
  return inner;
}

function withLocation(message: string, extensions: Record<string, unknown>, at: GraphQLError | undefined) {
  return at ? errorAt(at, message, extensions) : new GraphQLError(message, { extensions });
}
