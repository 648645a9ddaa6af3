import {
  type ASTNode,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { getOrCreate } from '../maps.ts';
import type { Context } from '../schema/context.ts';
import type { ParsedOperation } from '../schema/planning/selection-tree.ts';
import { positionOnly } from './positions.ts';
import type { Variables } from './request.ts';

/** Executes operations. No other file imports graphql-jit. */

export interface ExecutorOptions extends ParsedOperation {
  document: DocumentNode;
  /** Whether the document has a directive, by which the selection can depend on variables. */
  isConditional: boolean;
  /** The number of selected fields; it is known once the operation is planned. */
  selectionSize(): number;
}

/** Of a larger operation, neither code nor selection is kept: nested fragments can expand a document a hundred times. */
export const maxKeptFields = 500;
const runsUntilCompiled = 2; // most documents of a flood, and of a person in GraphiQL, run only once
/** graphql-jit expands each spread of a fragment again: 10,000 fields take some 30 ms, and each further level ten times as long. */
const maxExpandedFields = 5_000;

/**
 * Executes one operation: with GraphQL.js at first, and compiled by graphql-jit from its second run. Compiling takes
 * 2 ms; a run of a hundred albums then takes 0.5 ms instead of 2 ms.
 */
export function createExecutor(options: ExecutorOptions) {
  const { schema, document, definition, isConditional, selectionSize } = options;
  const operationName = definition.name?.value ?? null;
  const withDefault = (definition.variableDefinitions ?? []).filter(({ defaultValue }) => defaultValue);
  const hasNull = (variables: Variables) =>
    withDefault.some(({ variable }) => variables[variable.name.value] === null);
  const requiredDefaults = defaultsOfRequired(definition);
  let runs = 0;
  let compiled: CompiledQuery['query'] | null = null;

  return async (variables: Variables, context: Context): Promise<ExecutionResult> => {
    runs += 1;
    // Not with @skip or @include: graphql-jit stores the compiled condition in the fragment, which operations may share.
    const mayCompile = !isConditional && selectionSize() <= maxKeptFields;
    if (runs === runsUntilCompiled && mayCompile) compiled = compile(options);
    // A variable with a default value may stand in a list of non-null elements, such as `ids: [$id]`. If it is null,
    // GraphQL.js reports an error, and compiled code would accept the null.
    return compiled && !hasNull(variables)
      ? compiled(undefined, context, { ...requiredDefaults, ...variables })
      : execute({ schema, document, operationName, variableValues: variables, contextValue: context });
  };
}

/** The default values of the variables that must not be null: graphql-jit rejects a run in which such a variable is left out. */
function defaultsOfRequired({ variableDefinitions = [] }: OperationDefinitionNode): Variables {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, type, defaultValue }) =>
      type.kind === Kind.NON_NULL_TYPE && defaultValue
        ? [[variable.name.value, valueFromASTUntyped(defaultValue)]]
        : [],
    ),
  );
}

/** Null if graphql-jit must not or cannot compile the operation, as in a process where code generation is disabled. */
function compile({ document, ...parsed }: ExecutorOptions): CompiledQuery['query'] | null {
  if (hasNode(document, (node) => isInheritedName(node) || isVariableInLiteral(node))) return null;
  if (expandedSize(parsed) > maxExpandedFields) return null;
  const { schema, definition } = parsed;
  const compiled = compileQuery(schema, document, definition.name?.value ?? '', {
    disablingCapturingStackErrors: true, // errors of resolvers have their own stacks
  });
  return isCompiledQuery(compiled) ? compiled.query : null;
}

/** Whether the condition is true for a node of the document. */
export function hasNode(document: DocumentNode, isMatch: (node: ASTNode) => boolean): boolean {
  let isFound = false;
  visit(document, {
    enter(node: ASTNode) {
      isFound ||= isMatch(node);
    },
  });
  return isFound;
}

/**
 * Whether the node is a name that every object inherits, such as `__proto__` or `toString`. Code of graphql-jit loses an
 * alias or a variable with such a name.
 */
const isInheritedName = (node: ASTNode): boolean => node.kind === Kind.NAME && node.value in Object.prototype;

/** Whether the node is a variable in a literal of a scalar, as in `{ id: $id }`. Code of graphql-jit reads it without its value. */
const isVariableInLiteral = (node: ASTNode): boolean =>
  node.kind === Kind.OBJECT_FIELD && node.value.kind === Kind.VARIABLE;

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
    return getOrCreate(sizes, name, () => (fragment ? sizeOf(fragment.selectionSet) : 0));
  };
  return sizeOf(definition.selectionSet);
}

/** The error in the form of GraphQL.js: errors of graphql-jit have lines and columns, but no nodes. */
export function asGraphQLError(error: GraphQLError): GraphQLError {
  const { message, path, originalError, nodes, locations = [] } = error;
  if (nodes) return error;
  return new GraphQLError(message, {
    nodes: locations.map(positionOnly),
    path: path ?? null,
    originalError: originalError ?? null,
  });
}
