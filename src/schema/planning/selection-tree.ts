import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from 'graphql';
import { getOrCreate } from '../../maps.ts';
import { createCollect } from './collect-fields.ts';
import { canCost } from './cost.ts';

/**
 * The selection of an operation, type by type: fields are merged and fragments expanded. Equal selections in several
 * places are collected once, so that fragments in fragments cannot multiply the work.
 */
export interface SelectionTree {
  root: TypeSelection;
  /** The number of fields, counted at each selection path; not exact above 2^53. */
  size: number;
  /** The fields at each step of a path of the response, from the root: one for each type that has a field of this name. */
  fieldsAlong(path: ResponsePath): FieldSelection[][];
  /** The field at a path of the response, such as `Artist.albums`; for an abstract type, a field of one of its types. */
  fieldAt(path: ResponsePath): string;
}

export type ResponsePath = readonly (string | number)[];

/** The fields selected of one type. */
export interface TypeSelection {
  type: GraphQLObjectType;
  fields: readonly FieldSelection[];
  byResponseName: ReadonlyMap<string, FieldSelection>;
  /** The fields that have objects below them, are lists, may cost a call or declare `moreFields`. */
  branches: readonly FieldSelection[];
  /** The number of the other fields, which are plain values. */
  values: number;
  /** The number of fields, with the fields below them. */
  size: number;
  /** Whether no field of this selection, and no field below one, can cost a call, for every app and all variables. */
  costsNothing: boolean;
}

export interface FieldSelection {
  responseName: string;
  /** Such as `Artist.albums`. */
  name: string;
  field: GraphQLField<unknown, unknown>;
  /** The nodes that select the field: several if selections are merged. */
  nodes: readonly FieldNode[];
  /** The selection for each type that its value can have; none for a value. */
  below: readonly TypeSelection[];
  /** The names of the fields selected below. */
  selectedNames: ReadonlySet<string>;
}

/** An operation as it was parsed and validated. */
export interface ParsedOperation {
  schema: GraphQLSchema;
  definition: OperationDefinitionNode;
  /** By their names. */
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/**
 * @param variables on which `@skip` and `@include` may depend
 * @throws QueryTooComplex if the fragments of the operation are merged in too many ways
 */
export function createSelectionTree(
  { schema, definition, fragments }: ParsedOperation,
  variables: Readonly<Record<string, unknown>>,
): SelectionTree {
  const collect = createCollect(schema, fragments, variables);
  const typeSelections = new Map<string, TypeSelection>(); // by their types and the numbers of their nodes
  const numbers = new Map<FieldNode, number>();
  const numberOf = (node: FieldNode) => getOrCreate(numbers, node, () => numbers.size);

  /** The same object for the same fields of the same type, wherever they are selected. */
  function typeSelectionOf(type: GraphQLObjectType, nodes: readonly FieldNode[]): TypeSelection {
    const sets = nodes.map(({ selectionSet }) => selectionSet);
    return getOrCreate(typeSelections, `${type.name} ${nodes.map(numberOf).join()}`, () =>
      createTypeSelection(type, collect(type, sets)),
    );
  }

  function createTypeSelection(
    type: GraphQLObjectType,
    selection: ReadonlyMap<string, FieldNode[]>,
  ): TypeSelection {
    const fields = Array.from(selection, ([responseName, nodes]) =>
      createFieldSelection(type, responseName, nodes),
    ).filter((field) => field !== null);
    const typenames = selection.size - fields.length;
    const branches = fields.filter(isBranch);
    return {
      type,
      fields,
      byResponseName: new Map(fields.map((field) => [field.responseName, field])),
      branches,
      values: typenames + fields.length - branches.length,
      size: typenames + sum(fields, ({ below }) => 1 + sum(below, ({ size }) => size)),
      costsNothing: fields.every(
        ({ field, below }) => !canCost(field) && below.every(({ costsNothing }) => costsNothing),
      ),
    };
  }

  /** Null for `__typename`. */
  function createFieldSelection(
    type: GraphQLObjectType,
    responseName: string,
    nodes: readonly FieldNode[],
  ): FieldSelection | null {
    const field = nodes[0] && fieldOf(schema, type, nodes[0].name.value);
    if (!field) return null;
    const below = objectTypesOf(schema, field).map((objectType) => typeSelectionOf(objectType, nodes));
    const selectedNames = new Set(below.flatMap(({ fields }) => fields.map(({ field }) => field.name)));
    return { responseName, name: `${type.name}.${field.name}`, field, nodes, below, selectedNames };
  }

  const query = schema.getQueryType() as GraphQLObjectType;
  const root = createTypeSelection(query, collect(query, [definition.selectionSet]));
  return {
    root,
    size: root.size,
    fieldsAlong: (path) => fieldsAlong(root, path),
    fieldAt: (path) => fieldsAlong(root, path).at(-1)?.[0]?.name ?? '',
  };
}

/** The types of object that the value of a field can have. */
function objectTypesOf(schema: GraphQLSchema, field: FieldSelection['field']): readonly GraphQLObjectType[] {
  const type = getNamedType(field.type);
  if (isAbstractType(type)) return schema.getPossibleTypes(type);
  return isObjectType(type) ? [type] : [];
}

function fieldOf(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  name: string,
): FieldSelection['field'] | undefined {
  const field = type.getFields()[name];
  if (field || type !== schema.getQueryType()) return field;
  return [SchemaMetaFieldDef, TypeMetaFieldDef].find((each) => each.name === name);
}

function fieldsAlong(root: TypeSelection, path: ResponsePath): FieldSelection[][] {
  let levels: readonly TypeSelection[] = [root];
  return path
    .filter((key) => typeof key === 'string')
    .map((name) => {
      const fields = levels.flatMap(({ byResponseName }) => byResponseName.get(name) ?? []);
      levels = fields.flatMap(({ below }) => below);
      return fields;
    });
}

const isBranch = ({ below, field }: FieldSelection): boolean =>
  below.length > 0 || isList(field) || canCost(field) || field.extensions.moreFields !== undefined;

export const isList = ({ type }: FieldSelection['field']): boolean => isListType(getNullableType(type));

const sum = <T>(all: readonly T[], amountOf: (each: T) => number): number =>
  all.reduce((total, each) => total + amountOf(each), 0);
