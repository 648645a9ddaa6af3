import { GraphQLError } from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Log } from '../log.ts';

/**
 * What becomes of every error before it leaves: ours keep their code, those of GraphQL itself stay as they
 * are, and anything else is a bug, which the client learns nothing of and the log everything.
 */
export function createMask(log: Log) {
  return (error: unknown): GraphQLError => {
    const located = error instanceof GraphQLError ? error : undefined;
    const original = innermost(error);
    if (original instanceof GatewayError) {
      const extensions = { code: original.code, ...original.details, ...httpFor(original) };
      return relocate(original.message, extensions, located);
    }
    if (located && original instanceof GraphQLError) return located;
    log.error({ err: original }, 'bug');
    return relocate('Something went wrong on our side.', { code: 'INTERNAL_SERVER_ERROR' }, located);
  };
}

/** The status of the whole answer, where a code has one. `spec`: only for clients that know of such statuses. */
function httpFor({ code, details }: GatewayError): { http?: object } {
  switch (code) {
    case 'OVERLOADED':
      return { http: { status: 503, headers: { 'retry-after': `${details.retryAfter ?? 1}` } } };
    case 'QUERY_TOO_COMPLEX':
      return { http: { status: 400, spec: true } };
    default:
      return {};
  }
}

function innermost(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError) inner = inner.originalError;
  return inner;
}

const relocate = (message: string, extensions: Record<string, unknown>, at: GraphQLError | undefined) =>
  new GraphQLError(message, { nodes: at?.nodes ?? null, path: at?.path ?? null, extensions });
