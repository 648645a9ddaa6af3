import type { FieldNode, GraphQLResolveInfo } from 'graphql';
import type { Context } from '../context.ts';
import type { Selected } from './selection-tree.ts';

/** The field that is being resolved, as the operation's outline has it. */
export function selectionOf({ plan }: Context, { fieldNodes }: GraphQLResolveInfo): Selected {
  const selected = plan?.outline.at(fieldNodes as FieldNode[]);
  if (!selected)
    throw new Error('This field is in no plan: operations are run by `operation/execute-operation.ts`.');
  return selected;
}
