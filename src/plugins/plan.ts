import {
  type ExecutionArgs,
  type FragmentDefinitionNode,
  GraphQLError,
  getOperationAST,
  getVariableValues,
  Kind,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../context.ts';
import { BadRequest, QueryTooComplex } from '../errors.ts';
import { planOf } from '../schema/plan.ts';

/**
 * Plans every operation before it runs.
 * @param maxCalls most Spotify calls that one operation may plan; one that plans more is refused whole
 * @param suggestions whether messages may tell the names of values that were not asked for
 */
export function usePlan(maxCalls: number, suggestions: boolean): Plugin<Context> {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const plan = planFor(args as ExecutionArgs);
      if (Array.isArray(plan)) {
        return setResultAndStopExecution({ errors: plan.map((each) => refusedVariable(each, suggestions)) });
      }
      if (plan.calls > maxCalls) {
        throw new QueryTooComplex('This operation may cost more Spotify calls than one is allowed.', {
          limit: maxCalls,
          actual: plan.calls,
        });
      }
      args.contextValue.plan = plan;
    },
  };
}

/** The plan, or what is wrong with the variables. @throws BadRequest where there is no such operation */
function planFor({ schema, document, operationName, variableValues, contextValue }: ExecutionArgs) {
  const definition = getOperationAST(document, operationName);
  if (!definition)
    throw new BadRequest('The document has no operation of this name, or several and none is named.');
  const { coerced: variables, errors } = getVariableValues(
    schema,
    definition.variableDefinitions ?? [],
    variableValues ?? {},
  );
  if (errors) return [...errors];
  const fragments = Object.fromEntries(
    document.definitions
      .filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION)
      .map((each) => [each.name.value, each]),
  );
  return planOf({ schema, definition, fragments, variables }, (contextValue as Context).spotify.app);
}

/** graphql-js hides its guesses in validation only. */
const refusedVariable = ({ message, nodes }: GraphQLError, suggestions: boolean) =>
  new GraphQLError(suggestions ? message : message.replace(/ Did you mean .*\?$/s, ''), {
    nodes: nodes ?? null,
    extensions: { code: 'BAD_USER_INPUT', http: { status: 400, spec: true } },
  });
