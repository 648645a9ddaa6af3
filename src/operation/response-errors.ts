import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import type { SelectionTree } from '../schema/planning/selection-tree.ts';
import { codeOf } from './mask.ts';
import { errorAt, fromCompiled, positionsOf } from './positions.ts';

/** The errors of a response: how many of them are sent, and how they are written as JSON. */

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
  const sent: GraphQLError[] = [];
  for (const error of errors) {
    const key = `${codeOf(error)} ${selectionTree.fieldAt(error.path ?? [])}`;
    const group = groups.get(key) ?? { last: 0, omitted: 0, size: 0 };
    groups.set(key, group);
    if (group.size === maxPerCodeAndField) {
      group.omitted += 1;
      continue;
    }
    group.size += 1;
    group.last = sent.length;
    sent.push(mask(error.nodes ? error : fromCompiled(error)));
  }
  for (const { last, omitted } of groups.values()) {
    if (omitted > 0) sent[last] = withOmitted(sent[last] as GraphQLError, omitted);
  }
  return sent;
}

const withOmitted = (error: GraphQLError, omitted: number): GraphQLError =>
  errorAt(error, `${error.message} (And ${omitted} more of this kind.)`, { ...error.extensions, omitted });

/** An error in the form in which it is written as JSON. */
export function formatted(error: GraphQLError): GraphQLFormattedError {
  const { message, path, extensions } = error;
  const locations = positionsOf(error);
  return {
    message,
    ...(locations.length > 0 && { locations }),
    ...(path && { path }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
  };
}
