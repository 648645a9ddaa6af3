import { GraphQLError } from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import { maxBodyBytes } from './limits.ts';
import { errorAt } from './positions.ts';

/**
 * What becomes of every error before it leaves: ours keep their code, those of GraphQL and of its transport
 * their message, and anything else is a bug, of which the client learns nothing and the log everything.
 */
export function createMask(log: Log) {
  return (error: unknown): GraphQLError => {
    const located = error instanceof GraphQLError ? error : undefined;
    const original = innermost(error);
    if (original instanceof GatewayError) return toGraphQLError(original, located);
    if (located && original instanceof GraphQLError) return protocolError(located);
    log.error({ err: original }, 'bug');
    // Where no field has failed the whole answer has.
    const http = located?.path ? {} : { http: { status: 500 } };
    return relocate('Something went wrong on our side.', { code: bugCode, ...http }, located);
  };
}

/** @param at where in the document it happened */
export function toGraphQLError(error: GatewayError, at?: GraphQLError): GraphQLError {
  const { code, details, message } = error;
  return relocate(message, { code, ...details, ...httpFor(error) }, at);
}

/** The status of the whole answer, where a code has one. `spec`: only for clients that know of such statuses. */
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

/** Of what the transport adds to its errors, only what a client needs stays. */
function protocolError(error: GraphQLError): GraphQLError {
  const { code = 'BAD_REQUEST', http } = error.extensions;
  // What is no GraphQL request is refused in the terms of HTTP, whatever kind of answer is accepted.
  const refused = { ...(http as object), spec: false };
  if (code === 'REQUEST_ENTITY_TOO_LARGE') {
    return relocate(error.message, { code: 'QUERY_TOO_COMPLEX', limit: maxBodyBytes, http }, undefined);
  }
  if (code === 'BAD_REQUEST' && http !== undefined)
    return relocate(error.message, { code, http: refused }, error);
  // Whatever has no field to it is about the request.
  const whole = http ?? (error.path === undefined ? { status: 400 } : undefined);
  return relocate(error.message, { code, ...(whole !== undefined && { http: whole }) }, error);
}

/** What an error will be to the client, before it is masked. */
export function codeOf(error: unknown): string {
  const original = innermost(error);
  if (original instanceof GatewayError) return original.code;
  // Errors of graphql-jit have no extensions.
  const extensions = original instanceof GraphQLError ? (original.extensions ?? {}) : { code: bugCode };
  return String(extensions['code'] ?? 'BAD_REQUEST');
}

const bugCode = 'INTERNAL_SERVER_ERROR';

function innermost(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError) inner = inner.originalError;
  return inner;
}

function relocate(message: string, extensions: Record<string, unknown>, at: GraphQLError | undefined) {
  return at ? errorAt(at, message, extensions) : new GraphQLError(message, { extensions });
}
