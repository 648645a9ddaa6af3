import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { QueryTooComplex } from '../../errors.ts';

/** Finds a fragment of a document by its name. */
export type FindFragment = (name: string) => FragmentDefinitionNode | undefined;

type Variables = Readonly<Record<string, unknown>>;

// Maximum visits of selections. An operation of 2,000 tokens has some hundreds of selections, which are visited once for
// each type of an interface. Only an attack that merges fragments in many ways reaches the limit, after some 5 ms.
const maxSteps = 50_000;

/** Collects the fields of selections as GraphQL.js does when it executes them, and counts its steps. */
export function createCollect(schema: GraphQLSchema, findFragment: FindFragment, variables: Variables) {
  let steps = 0;

  return (type: GraphQLObjectType, sets: readonly (SelectionSetNode | undefined)[]) => {
    const fields = new Map<string, FieldNode[]>();
    const spread = new Set<string>();

    function add({ selections }: SelectionSetNode): void {
      for (const selection of selections) {
        steps += 1;
        if (steps > maxSteps) throw tooManySelections(steps);
        if (isSelected(selection, variables)) addSelection(selection);
      }
    }

    function addSelection(selection: SelectionNode): void {
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value;
        const nodes = fields.get(name);
        if (nodes) nodes.push(selection);
        else fields.set(name, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (applies(selection.typeCondition?.name.value)) add(selection.selectionSet);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = findFragment(selection.name.value);
        if (fragment && applies(fragment.typeCondition.name.value)) add(fragment.selectionSet);
      }
    }

    function applies(name: string | undefined): boolean {
      if (name === undefined || name === type.name) return true;
      const condition = schema.getType(name);
      return isAbstractType(condition) && schema.isSubType(condition, type);
    }

    for (const set of sets) if (set) add(set);
    return fields;
  };
}

/** The values of `@skip` and `@include`. */
function isSelected(node: SelectionNode, variables: Variables): boolean {
  if (!node.directives || node.directives.length === 0) return true;
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variables)?.['if'] !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.['if'] !== false
  );
}

const tooManySelections = (actual: number) =>
  new QueryTooComplex('The fragments of the operation are merged in too many ways.', {
    limit: maxSteps,
    actual,
  });

/** The selected fields of one type, by their response names; several nodes if selections are merged. */
export type SelectedFields = ReadonlyMap<string, readonly FieldNode[]>;

/** The selections of one operation, read from `info` while it runs. */
export interface Selections {
  /** The fields that `nodes` select of objects of a type. */
  fieldsOf(type: GraphQLObjectType, nodes: readonly FieldNode[], info: GraphQLResolveInfo): SelectedFields;
  /** The names of all fields that are selected below the field `nodes` of `parentType`. */
  namesBelow(
    parentType: GraphQLObjectType,
    nodes: readonly FieldNode[],
    info: GraphQLResolveInfo,
  ): ReadonlySet<string>;
}

/** Collects each selection once in an operation: executors pass the same nodes for each object of a list. */
export function createSelections(): Selections {
  const collected = new WeakMap<readonly FieldNode[], Map<GraphQLObjectType, SelectedFields>>();
  const names = new WeakMap<readonly FieldNode[], ReadonlySet<string>>();

  function fieldsOf(type: GraphQLObjectType, nodes: readonly FieldNode[], info: GraphQLResolveInfo) {
    const fieldsByType = collected.get(nodes) ?? new Map<GraphQLObjectType, SelectedFields>();
    collected.set(nodes, fieldsByType);
    const fields = fieldsByType.get(type) ?? collect(type, nodes, info);
    fieldsByType.set(type, fields);
    return fields;
  }

  function namesBelow(
    parentType: GraphQLObjectType,
    nodes: readonly FieldNode[],
    info: GraphQLResolveInfo,
  ): ReadonlySet<string> {
    const cachedNames = names.get(nodes);
    if (cachedNames) return cachedNames;
    const types = typesBelow(parentType, nodes, info);
    const fields = types.flatMap((type) => [...fieldsOf(type, nodes, info).values()]);
    const namesOfFields = new Set(fields.flatMap(([node]) => (node ? [node.name.value] : [])));
    names.set(nodes, namesOfFields);
    return namesOfFields;
  }

  return { fieldsOf, namesBelow };
}

const collect = (
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  { schema, fragments, variableValues }: GraphQLResolveInfo,
): SelectedFields =>
  createCollect(
    schema,
    (name) => fragments[name],
    variableValues,
  )(
    type,
    nodes.map(({ selectionSet }) => selectionSet),
  );

/** The types of object that the value of a field can have. */
function typesBelow(
  parentType: GraphQLObjectType,
  nodes: readonly FieldNode[],
  { schema }: GraphQLResolveInfo,
): readonly GraphQLObjectType[] {
  const field = nodes[0] && parentType.getFields()[nodes[0].name.value];
  const type = field && getNamedType(field.type);
  if (isAbstractType(type)) return schema.getPossibleTypes(type);
  return isObjectType(type) ? [type] : [];
}
