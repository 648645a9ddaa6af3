import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getNamedType,
  isAbstractType,
  isObjectType,
} from 'graphql';
import { createCollect } from './collect-fields.ts';

/** The fields that are selected of one type, by their response names; more than one node where selections are merged. */
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
