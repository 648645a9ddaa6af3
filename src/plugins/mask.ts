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
      return relocate(original.message, { code: original.code, ...original.details }, located);
    }
    if (located && original instanceof GraphQLError) return located;
    log.error({ err: original }, 'bug');
    return relocate('Something went wrong on our side.', { code: 'INTERNAL_SERVER_ERROR' }, located);
  };
}

function innermost(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError) inner = inner.originalError;
  return inner;
}

const relocate = (message: string, extensions: Record<string, unknown>, at: GraphQLError | undefined) =>
  new GraphQLError(message, { nodes: at?.nodes ?? null, path: at?.path ?? null, extensions });
