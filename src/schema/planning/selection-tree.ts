import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from 'graphql';
import { createCollect } from './collect-fields.ts';
import { canCost } from './cost.ts';

/**
 * What an operation selects, laid out type by type: merged fields, fragments in their places. What is selected in
 * the same way in several places is laid out once, so that fragments in fragments cannot multiply the work.
 */
export interface Outline {
  root: Level;
  /** How many fields there are where each place counts by itself; not exact above 2^53. */
  size: number;
  /** The field at a path of the response, such as `Artist.albums`; of an object of any type, one that it can have. */
  fieldAt(path: readonly (string | number)[]): string;
}

/** The fields selected of one type. */
export interface Level {
  type: GraphQLObjectType;
  fields: readonly Selected[];
  byResponseName: ReadonlyMap<string, Selected>;
  /** Those of the fields that have objects below them, or a list, or may cost a call: all that are more than a value. */
  branches: readonly Selected[];
  /** How many other fields there are. */
  leaves: number;
  /** How many fields there are, those below included. */
  size: number;
  /** Whether nothing of it, nor below, can cost a call, whatever the app and the variables. */
  isFree: boolean;
}

export interface Selected {
  responseName: string;
  /** Such as `Artist.albums`. */
  name: string;
  field: GraphQLField<unknown, unknown>;
  /** Where it is selected: more than one where selections are merged. */
  nodes: readonly FieldNode[];
  /** What is selected of each type that its value can have; none of a leaf's. */
  below: readonly Level[];
  /** Names of the fields selected below. */
  selected: ReadonlySet<string>;
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
 * @throws QueryTooComplex when the operation has more fields than it makes sense to count
 */
export function outlineOf(
  { schema, definition, fragments }: ParsedOperation,
  variables: Readonly<Record<string, unknown>>,
): Outline {
  const collect = createCollect(schema, (name) => fragments.get(name), variables);
  const levels = new Map<string, Level>();
  const numbers = new Map<FieldNode, number>();

  /** The same for the same fields of the same type, wherever they are selected. */
  function levelOf(type: GraphQLObjectType, nodes: readonly FieldNode[]): Level {
    const key = `${type.name} ${nodes.map(numberOf).join()}`;
    const known = levels.get(key);
    if (known) return known;
    const level = createLevel(
      type,
      collect(
        type,
        nodes.map(({ selectionSet }) => selectionSet),
      ),
    );
    levels.set(key, level);
    return level;
  }

  function numberOf(node: FieldNode): number {
    const number = numbers.get(node) ?? numbers.size;
    numbers.set(node, number);
    return number;
  }

  function createLevel(type: GraphQLObjectType, selection: ReadonlyMap<string, FieldNode[]>): Level {
    const fields: Selected[] = [];
    let typenames = 0;
    for (const [responseName, nodes] of selection) {
      const [node] = nodes as [FieldNode];
      const field = fieldOf(schema, type, node.name.value);
      if (!field) typenames += 1;
      else fields.push(select(type, field, responseName, nodes));
    }
    const branches = fields.filter(isBranch);
    const leaves = typenames + fields.length - branches.length;
    const size = typenames + sum(fields, ({ below }) => 1 + sum(below, (each) => each.size));
    const isFree = fields.every(({ field, below }) => !canCost(field) && below.every((each) => each.isFree));
    const byResponseName = new Map(fields.map((each) => [each.responseName, each]));
    return { type, fields, byResponseName, branches, leaves, size, isFree };
  }

  function select(
    type: GraphQLObjectType,
    field: Selected['field'],
    responseName: string,
    nodes: readonly FieldNode[],
  ): Selected {
    const named = getNamedType(field.type);
    const types = isAbstractType(named) ? schema.getPossibleTypes(named) : [named as GraphQLObjectType];
    const below = isLeafType(named) ? [] : types.map((each) => levelOf(each, nodes));
    const selected = new Set(below.flatMap(({ fields }) => fields.map((each) => each.field.name)));
    return { responseName, name: `${type.name}.${field.name}`, field, nodes, below, selected };
  }

  const query = schema.getQueryType() as GraphQLObjectType;
  const root = createLevel(query, collect(query, [definition.selectionSet]));
  return {
    root,
    size: root.size,
    fieldAt: (path) => fieldAt(root, path),
  };
}

function fieldOf(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  name: string,
): Selected['field'] | undefined {
  const field = type.getFields()[name];
  if (field || type !== schema.getQueryType()) return field;
  return [SchemaMetaFieldDef, TypeMetaFieldDef].find((each) => each.name === name);
}

function fieldAt(root: Level, path: readonly (string | number)[]): string {
  let levels: readonly Level[] = [root];
  let name = '';
  for (const key of path) {
    if (typeof key === 'number') continue;
    const selected = levels.flatMap(({ byResponseName }) => byResponseName.get(key) ?? []);
    levels = selected.flatMap(({ below }) => below);
    name = selected[0]?.name ?? key;
  }
  return name;
}

const isBranch = ({ below, field }: Selected): boolean =>
  below.length > 0 || isList(field) || canCost(field) || field.extensions.leaves !== undefined;

export const isList = ({ type }: Selected['field']): boolean => isListType(getNullableType(type));

const sum = <T>(all: readonly T[], amountOf: (each: T) => number): number =>
  all.reduce((total, each) => total + amountOf(each), 0);
