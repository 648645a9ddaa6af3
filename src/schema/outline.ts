import { collectFields, collectSubFields } from '@graphql-tools/utils';
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  type OperationDefinitionNode,
} from 'graphql';
import { QueryTooComplex } from '../errors.ts';
import { mayCost } from './cost.ts';

/** What an operation selects, laid out type by type: merged fields, fragments in their places. */
export interface Outline {
  root: Level;
  /** How many fields there are in all. */
  size: number;
  /** A field that is no leaf, as it is selected in one place, or in several in the same way. */
  at(nodes: readonly FieldNode[]): Selected | undefined;
}

/** The fields selected of one type, where it stands in the answer. */
export interface Level {
  type: GraphQLObjectType;
  fields: readonly Selected[];
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
  fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

const maxFields = 10_000; // aliases in nested fragments multiply; a document that does this is refused

/**
 * @param variables on which `@skip` and `@include` may depend
 * @throws QueryTooComplex when the operation has more fields than it makes sense to count
 */
export function outlineOf(
  { schema, definition, fragments }: ParsedOperation,
  variables: Readonly<Record<string, unknown>>,
): Outline {
  const values = { coerced: variables, sources: {} };
  const selectedBy = new Map<FieldNode, Selected[]>(); // by the first of its nodes: one in a fragment has many places
  let size = 0;

  function register(found: Selected, node: FieldNode): void {
    const known = selectedBy.get(node);
    if (known) known.push(found);
    else selectedBy.set(node, [found]);
  }

  function level(type: GraphQLObjectType, selection: ReadonlyMap<string, readonly FieldNode[]>): Level {
    const fields: Selected[] = [];
    for (const [responseName, nodes] of selection) {
      const [node] = nodes as [FieldNode];
      const field = type.getFields()[node.name.value];
      if (!field) continue; // __typename, and what execution will refuse
      size += 1;
      if (size > maxFields) throw tooManyFields(size);
      const below = isLeafType(getNamedType(field.type)) ? [] : levelsBelow(field, nodes);
      const selected = new Set(below.flatMap(({ fields: all }) => all.map((each) => each.field.name)));
      const found = { responseName, name: `${type.name}.${field.name}`, field, nodes, below, selected };
      fields.push(found);
      if (below.length > 0) register(found, node);
    }
    const isFree = fields.every(({ name, below }) => !mayCost(name) && below.every((each) => each.isFree));
    return { type, fields, isFree };
  }

  function levelsBelow(field: Selected['field'], nodes: readonly FieldNode[]): Level[] {
    const named = getNamedType(field.type);
    const types = isAbstractType(named) ? schema.getPossibleTypes(named) : [named];
    return types
      .filter((type) => isObjectType(type))
      .map((type) =>
        level(type, collectSubFields(schema, fragments, values, type, [...nodes]).fields as Selection),
      );
  }

  const query = schema.getQueryType() as GraphQLObjectType;
  const { fields } = collectFields(schema, fragments, values, query, definition.selectionSet);
  return {
    root: level(query, fields as Selection),
    size,
    at: (nodes) => selectedBy.get(nodes[0] as FieldNode)?.find((each) => areSame(each.nodes, nodes)),
  };
}

const areSame = (some: readonly FieldNode[], others: readonly FieldNode[]): boolean =>
  some.length === others.length && some.every((node, i) => node === others[i]);

type Selection = ReadonlyMap<string, readonly FieldNode[]>;

const tooManyFields = (actual: number) =>
  new QueryTooComplex('The operation selects more fields than can be counted.', { limit: maxFields, actual });
