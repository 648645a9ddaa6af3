import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { QueryTooComplex } from '../errors.ts';
import { mayCost, schemaTexts } from './cost.ts';

/**
 * What an operation selects, laid out type by type: merged fields, fragments in their places. What is selected in
 * the same way in several places is laid out once, so that fragments in fragments cannot multiply the work.
 */
export interface Outline {
  root: Level;
  /** How many fields there are where each place counts by itself; not exact above 2^53. */
  size: number;
  /** A field that is no leaf, as it is selected in one place, or in several in the same way. */
  at(nodes: readonly FieldNode[]): Selected | undefined;
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
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

type Variables = Readonly<Record<string, unknown>>;

// Selections that are looked at. An operation of 2,000 tokens has some hundreds, and each type of an interface looks
// at its part again; only fragments that are merged in ever new ways reach it, after some 5 ms.
const maxSteps = 50_000;

/**
 * @param variables on which `@skip` and `@include` may depend
 * @throws QueryTooComplex when the operation has more fields than it makes sense to count
 */
export function outlineOf({ schema, definition, fragments }: ParsedOperation, variables: Variables): Outline {
  const collect = createCollect(schema, fragments, variables);
  const selectedBy = new Map<FieldNode, Selected[]>(); // by the first of its nodes: one in a fragment has many places
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
    const isFree = fields.every(({ name, below }) => !mayCost(name) && below.every((each) => each.isFree));
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
    const found = { responseName, name: `${type.name}.${field.name}`, field, nodes, below, selected };
    if (below.length > 0) {
      const [node] = nodes as [FieldNode];
      selectedBy.set(node, [...(selectedBy.get(node) ?? []), found]);
    }
    return found;
  }

  const query = schema.getQueryType() as GraphQLObjectType;
  const root = createLevel(query, collect(query, [definition.selectionSet]));
  return {
    root,
    size: root.size,
    at: (nodes) => selectedBy.get(nodes[0] as FieldNode)?.find((each) => areSame(each.nodes, nodes)),
    fieldAt: (path) => fieldAt(root, path),
  };
}

/** Collects the fields of selections as GraphQL.js does when it executes them, and counts its steps. */
function createCollect(schema: GraphQLSchema, fragments: ParsedOperation['fragments'], variables: Variables) {
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
        const known = fields.get(name);
        if (known) known.push(selection);
        else fields.set(name, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (applies(selection.typeCondition?.name.value)) add(selection.selectionSet);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
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

/** What `@skip` and `@include` say. */
function isSelected(node: SelectionNode, variables: Variables): boolean {
  if (!node.directives || node.directives.length === 0) return true;
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variables)?.['if'] !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.['if'] !== false
  );
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

const isBranch = ({ below, field, name }: Selected): boolean =>
  below.length > 0 || isList(field) || mayCost(name) || schemaTexts.has(name);

export const isList = ({ type }: Selected['field']): boolean => isListType(getNullableType(type));

const areSame = (some: readonly FieldNode[], others: readonly FieldNode[]): boolean =>
  some.length === others.length && some.every((node, i) => node === others[i]);

const sum = <T>(all: readonly T[], amountOf: (each: T) => number): number =>
  all.reduce((total, each) => total + amountOf(each), 0);

const tooManySelections = (actual: number) =>
  new QueryTooComplex('The fragments of the operation are merged in too many ways.', {
    limit: maxSteps,
    actual,
  });
