import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { BadRequest, QueryTooComplex } from '../errors.ts';
import type { Context } from '../schema/context.ts';
import { type Plan, type PlanOptions, planOf } from '../schema/planning/plan.ts';
import {
  createSelectionTree,
  type ParsedOperation,
  type SelectionTree,
} from '../schema/planning/selection-tree.ts';
import { errorAt } from './positions.ts';
import type { Variables } from './request.ts';
import { InvalidRequest } from './validation.ts';

/** One operation of a valid document, with everything that is the same for each of its runs. */
export interface Operation {
  /** The name that the document gives it. */
  name: string | null;
  /** @throws InvalidRequest, QueryTooComplex */
  plan(variables: Variables, options: PlanOptions): Plan;
  execute(variables: Variables, context: Context): Promise<ExecutionResult>;
}

const maxVariableErrors = 10; // of a list of thousands of ids, each of which may be wrong
/** Larger operations are neither cached nor compiled: nested fragments can expand a document a hundred times. */
const maxCachedFields = 500;
/** graphql-jit expands each spread of a fragment again: 10,000 fields take some 30 ms, and each further level ten times as long. */
const maxExpandedFields = 5_000;

export interface OperationOptions {
  schema: GraphQLSchema;
  document: DocumentNode;
  definition: OperationDefinitionNode;
  /** Whether messages may suggest names that the document does not contain. */
  suggestions: boolean;
}

/** @throws BadRequest for a mutation or a subscription */
export function createOperation({ schema, document, definition, suggestions }: OperationOptions): Operation {
  if (definition.operation !== OperationTypeNode.QUERY) {
    throw new BadRequest(`A ${definition.operation} is not supported: send a query.`);
  }
  const name = definition.name?.value ?? null;
  const parsed = { schema, definition, fragments: fragmentsOf(document) };
  const isConditional = hasConditions(document);
  const mayCompile = !hasInheritedNames(document) && expandedSize(parsed) <= maxExpandedFields;
  let cachedTree: SelectionTree | undefined;
  let rejection: QueryTooComplex | undefined;

  /** @throws QueryTooComplex; the same error again if no variable can change the selection */
  function selectionTree(variables: Variables): SelectionTree {
    if (rejection) throw rejection;
    try {
      const tree = cachedTree ?? createSelectionTree(parsed, variables);
      if (!isConditional && tree.size <= maxCachedFields) cachedTree = tree;
      return tree;
    } catch (error) {
      if (!isConditional && error instanceof QueryTooComplex) rejection = error;
      throw error;
    }
  }

  return {
    name,
    plan(variables, options) {
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
    execute: createExecutor({
      schema,
      document,
      operationName: name,
      mayCompile: () => mayCompile && cachedTree !== undefined,
    }),
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

/**
 * Whether a name of the document is one that every object inherits, such as `__proto__` or `toString`. In code that
 * graphql-jit makes, an alias or a variable of such a name is lost.
 */
function hasInheritedNames(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Name({ value }) {
      found ||= value in Object.prototype;
    },
  });
  return found;
}

/** The fields of an operation if each spread of a fragment counts all fields of the fragment. */
function expandedSize({ definition, fragments }: ParsedOperation): number {
  const sizes = new Map<string, number>(); // of fragments; a valid document has no cycle
  const sizeOf = ({ selections }: SelectionSetNode): number =>
    selections.reduce((sum, node) => {
      if (node.kind === Kind.FRAGMENT_SPREAD) return sum + sizeOfFragment(node.name.value);
      const below = node.selectionSet ? sizeOf(node.selectionSet) : 0;
      return sum + below + (node.kind === Kind.FIELD ? 1 : 0);
    }, 0);
  const sizeOfFragment = (name: string): number => {
    const fragment = fragments.get(name);
    const size = sizes.get(name) ?? (fragment ? sizeOf(fragment.selectionSet) : 0);
    sizes.set(name, size);
    return size;
  };
  return sizeOf(definition.selectionSet);
}

/** Whether the selection can depend on variables. */
function hasConditions(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive() {
      found = true;
    },
  });
  return found;
}

export interface ExecutorOptions {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName: string | null;
  /** Whether the selection is the same for all variables, and not too large. */
  mayCompile(): boolean;
}

const runsUntilCompiled = 2; // most documents of a flood, and of a person in GraphiQL, run only once

/**
 * Executes one operation: with GraphQL.js at first, and compiled by graphql-jit from its second run. Compiling takes
 * 2 ms; a run of a hundred albums then takes 0.5 ms instead of 2 ms.
 */
export function createExecutor({ schema, document, operationName, mayCompile }: ExecutorOptions) {
  let runs = 0;
  let compiled: CompiledQuery['query'] | null = null;

  return async (variables: Variables, context: Context): Promise<ExecutionResult> => {
    runs += 1;
    // Compiled conditions are kept in the document itself, where two operations with one fragment would share them.
    if (runs === runsUntilCompiled && mayCompile()) compiled = compile(schema, document, operationName);
    return compiled
      ? compiled(undefined, context, variables)
      : execute({ schema, document, operationName, variableValues: variables, contextValue: context });
  };
}

/** Null if graphql-jit cannot compile the operation, as in a process where code generation is disabled. */
function compile(schema: GraphQLSchema, document: DocumentNode, operationName: string | null) {
  const compiled = compileQuery(schema, document, operationName ?? '', {
    disablingCapturingStackErrors: true, // errors of resolvers have their own stacks
  });
  return isCompiledQuery(compiled) ? compiled.query : null;
}
