import {
  type ExecutionArgs,
  type FragmentDefinitionNode,
  getOperationAST,
  getVariableValues,
  Kind,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../context.ts';
import { QueryTooComplex } from '../errors.ts';
import { type Plan, planOf } from '../schema/plan.ts';

/**
 * Plans every operation before it runs.
 * @param maxCalls most Spotify calls that one operation may plan; one that plans more is refused whole
 */
export function usePlan(maxCalls: number): Plugin<Context> {
  return {
    onExecute({ args }) {
      const plan = planFor(args as ExecutionArgs & { contextValue: Context });
      if (plan && plan.calls > maxCalls) {
        throw new QueryTooComplex('This operation may cost more Spotify calls than one is allowed.', {
          limit: maxCalls,
          actual: plan.calls,
        });
      }
      args.contextValue.plan = plan;
    },
  };
}

/** Null where the operation cannot run anyway, which execution words better. */
function planFor({
  schema,
  document,
  operationName,
  variableValues,
  contextValue,
}: ExecutionArgs): Plan | null {
  const definition = getOperationAST(document, operationName);
  if (!definition) return null;
  const { coerced: variables } = getVariableValues(
    schema,
    definition.variableDefinitions ?? [],
    variableValues ?? {},
  );
  if (!variables) return null;
  const fragments = Object.fromEntries(
    document.definitions
      .filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION)
      .map((each) => [each.name.value, each]),
  );
  return planOf({ schema, definition, fragments, variables }, (contextValue as Context).spotify.app);
}
