import {
  type DocumentNode,
  type ExecutionResult,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import type { CapabilityView } from '../datasources/spotify/index.ts';
import { BadRequest, QueryTooComplex } from '../errors.ts';
import type { Context } from '../schema/context.ts';
import { type Plan, planOf } from '../schema/planning/plan.ts';
import { type Outline, outlineOf, type ParsedOperation } from '../schema/planning/selection-tree.ts';
import { createExecution } from './execution.ts';
import { Invalid } from './invalid.ts';
import { errorAt } from './positions.ts';
import type { Variables } from './request.ts';

/** One operation of a valid document, with all of it that is the same however often it runs. */
export interface Operation {
  /** The name that the document gives it. */
  name: string | null;
  /** @throws Invalid, QueryTooComplex */
  plan(values: Variables, app: CapabilityView): Plan;
  execute(values: Variables, context: Context): Promise<ExecutionResult>;
}

const maxVariableErrors = 10; // of a list of thousands of ids, each of which may be wrong
const keptFields = 500; // more are neither kept nor compiled: nested fragments unfold to a hundred times their document

export interface Parsed {
  schema: GraphQLSchema;
  document: DocumentNode;
  definition: OperationDefinitionNode;
  /** Whether messages may tell the names of values that were not asked for. */
  suggestions: boolean;
}

/** @throws BadRequest for a kind of operation that there is none of */
export function createOperation({ schema, document, definition, suggestions }: Parsed): Operation {
  if (definition.operation !== OperationTypeNode.QUERY) {
    throw new BadRequest(`There is nothing here for a ${definition.operation}: send a query.`);
  }
  const name = definition.name?.value ?? null;
  const parsed = { schema, definition, fragments: fragmentsOf(document) };
  const isConditional = hasConditions(document);
  const mayCompile = !hasInheritedNames(document);
  let kept: Outline | undefined;
  let rejection: QueryTooComplex | undefined;

  /** @throws QueryTooComplex: the same again where no variable can change what is selected */
  function outline(variables: Variables): Outline {
    if (rejection) throw rejection;
    try {
      const known = kept ?? outlineOf(parsed, variables);
      if (!isConditional && known.size <= keptFields) kept = known;
      return known;
    } catch (error) {
      if (!isConditional && error instanceof QueryTooComplex) rejection = error;
      throw error;
    }
  }

  return {
    name,
    plan(values, app) {
      const limits = { maxErrors: maxVariableErrors, hideSuggestions: !suggestions };
      const { coerced, errors } = getVariableValues(
        schema,
        definition.variableDefinitions ?? [],
        values,
        limits,
      );
      if (errors) throw new Invalid(errors.map(invalidVariable));
      return planOf(outline(coerced), coerced, app, schema);
    },
    execute: createExecution({
      schema,
      document,
      operationName: name,
      mayCompile: () => mayCompile && kept !== undefined,
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
      .filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION)
      .map((each) => [each.name.value, each]),
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

/** Whether what is selected depends on variables. */
function hasConditions(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive() {
      found = true;
    },
  });
  return found;
}
