import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { BadRequest, QueryTooComplex } from '../errors.ts';
import { type Plan, type PlanOptions, planOf } from '../schema/planning/plan.ts';
import {
  createSelectionTree,
  type ParsedOperation,
  type SelectionTree,
} from '../schema/planning/selection-tree.ts';
import { createExecutor, hasNode, maxKeptFields } from './executor.ts';
import { errorAt } from './positions.ts';
import type { Variables } from './request.ts';
import { InvalidRequest, type ValidationOptions } from './validation.ts';

export type Operation = ReturnType<typeof createOperation>;

const maxVariableErrors = 10; // of a list of thousands of ids, each of which may be wrong

export interface OperationOptions extends Pick<ValidationOptions, 'schema' | 'suggestions'> {
  document: DocumentNode;
  definition: OperationDefinitionNode;
}

/**
 * One operation of a valid document, with everything that is the same for each of its runs.
 * @throws BadRequest for a mutation or a subscription
 */
export function createOperation({ schema, document, definition, suggestions }: OperationOptions) {
  if (definition.operation !== OperationTypeNode.QUERY) {
    throw new BadRequest(`A ${definition.operation} is not supported: send a query.`);
  }
  const name = definition.name?.value ?? null;
  const parsed = { schema, definition, fragments: fragmentsOf(document) };
  // The selection can depend on variables only by a directive.
  const isConditional = hasNode(document, ({ kind }) => kind === Kind.DIRECTIVE);
  let cachedTree: SelectionTree | undefined;
  let selectionSize = Number.POSITIVE_INFINITY;
  let rejection: QueryTooComplex | undefined;

  /** @throws QueryTooComplex; the same error again if no variable can change the selection */
  function selectionTree(variables: Variables): SelectionTree {
    if (rejection) throw rejection;
    try {
      const tree = cachedTree ?? createSelectionTree(parsed, variables);
      selectionSize = tree.size;
      if (!isConditional && tree.size <= maxKeptFields) cachedTree = tree;
      return tree;
    } catch (error) {
      if (!isConditional && error instanceof QueryTooComplex) rejection = error;
      throw error;
    }
  }

  return {
    /** The name of the operation in the document. */
    name,
    /** @throws InvalidRequest, QueryTooComplex */
    plan(variables: Variables, options: PlanOptions): Plan {
      const limits = { maxErrors: maxVariableErrors, hideSuggestions: !suggestions };
      const { coerced, errors } = getVariableValues(
        schema,
        definition.variableDefinitions ?? [],
        variables,
        limits,
      );
      if (errors) throw new InvalidRequest(errors.map(invalidVariable));
      return planOf(selectionTree(coerced), coerced, options, schema);
    },
    execute: createExecutor({ document, ...parsed, isConditional, selectionSize: () => selectionSize }),
  };
}

const invalidVariable = (error: GraphQLError): GraphQLError =>
  errorAt(error, error.message, {
    code: 'BAD_USER_INPUT',
    http: { status: 400, spec: true },
  });

const fragmentsOf = ({ definitions }: DocumentNode): ParsedOperation['fragments'] =>
  new Map(
    definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
