import { collectFields, collectSubFields } from '@graphql-tools/utils';
import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isObjectType,
  type OperationDefinitionNode,
} from 'graphql';
import { type Abilities, isMarket, type Kind } from '../datasources/spotify/index.ts';
import { BadUserInput, QueryTooComplex } from '../errors.ts';
import { type Cost, type Crowd, costs, needsFull, readsOf, type Visit } from './cost.ts';

/** Walks an operation before it runs: how many Spotify calls it may cost, and which of it cannot run at all. */
export interface Plan {
  /** The name that the document gives the operation. */
  name: string | null;
  /** Calls at worst, with nothing held. */
  calls: number;
  /** What finding out about the app may cost on top: once in a day, whoever asks first. */
  tries: number;
  /** By the response name of a root field: why nothing below it may run. */
  refused: ReadonlyMap<string, BadUserInput>;
}

/** An operation as it was parsed and validated. */
export interface Operation {
  schema: GraphQLSchema;
  definition: OperationDefinitionNode;
  fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  variables: Readonly<Record<string, unknown>>;
}

const unknownLength = 5; // of a list that does not say: an album's artists are one or two, seldom more
const maxFields = 10_000; // aliases in nested fragments multiply; a document that does this is refused
const kinds: Readonly<Record<string, Kind>> = { Artist: 'artist', Album: 'album', Track: 'track' };

const one: Crowd = { groups: 1, size: 1 };

type AnyField = GraphQLField<unknown, unknown>;
type Selection = ReadonlyMap<string, readonly FieldNode[]>;

/** The objects whose fields are being counted. */
interface Place {
  type: GraphQLObjectType;
  selection: Selection;
  parentArgs: Readonly<Record<string, unknown>>;
  crowd: Crowd;
  full: boolean;
  /** Response name of the root field above; null at the root. */
  root: string | null;
}

/**
 * @param app what is known of the app
 * @throws QueryTooComplex when the operation has more fields than it makes sense to count
 */
export function planOf({ schema, definition, fragments, variables }: Operation, app: Abilities): Plan {
  const refused = new Map<string, BadUserInput>();
  const spent = new Set<string>();
  const tried = new Set<string>();
  const singles = new Map<string, number>();
  let fields = 0;

  /** The calls for all that is selected of the objects at a place. */
  function callsAt(place: Place): number {
    let calls = 0;
    let wholeNeeded = false;
    for (const { name, field, nodes, args, root } of fieldsAt(place)) {
      if (typeof args['market'] === 'string' && !isMarket(args['market'])) refused.set(root, noMarket(name));
      wholeNeeded ||= !place.full && needsFull(name, args, app);
      calls += callsFor(place, field, nodes, args, root);
    }
    const kind = kinds[place.type.name];
    return calls + (wholeNeeded && kind ? spend(below(readsOf(kind, place.crowd, app))) : 0);
  }

  function* fieldsAt({ type, selection, root }: Place) {
    for (const [responseName, nodes] of selection) {
      const field = type.getFields()[nodes[0]?.name.value ?? ''];
      const args = field && argumentsOf(field, nodes[0] as FieldNode);
      if (!args) continue; // __typename, and what execution will refuse
      fields += 1;
      if (fields > maxFields) throw tooManyFields(fields);
      yield { name: `${type.name}.${field.name}`, field, nodes, args, root: root ?? responseName };
    }
  }

  /** The calls for one field and all below it. */
  function callsFor(
    { type, crowd: parents, full, parentArgs }: Place,
    field: AnyField,
    nodes: readonly FieldNode[],
    args: Place['parentArgs'],
    root: string,
  ): number {
    if (isLeafType(getNamedType(field.type))) return 0; // it comes with its object, in this form or in full
    const selections = selectionsBelow(field, nodes);
    const selected = new Set(selections.flatMap(({ selection }) => namesIn(selection)));
    const visit = { args, parentArgs, parents, full, selected, app };
    const cost = costs[`${type.name}.${field.name}`]?.(visit) ?? free(type, field, visit);
    return selections.reduce(
      (calls, each) => calls + callsAt({ ...each, ...cost, parentArgs: args, root }),
      spend(type.name === 'Query' ? cost : below(cost)),
    );
  }

  function spend({ calls, shared = [], tries = [], byId = {}, laterById = {} }: Spending): number {
    const before = spent.size;
    for (const name of tries) tried.add(name);
    for (const name of shared) spent.add(name);
    for (const [kind, count] of Object.entries(byId)) countSingles(kind, count);
    for (const [kind, count] of Object.entries(laterById)) countSingles(`later ${kind}`, count);
    return calls + spent.size - before;
  }

  function countSingles(name: string, count: number): void {
    singles.set(name, (singles.get(name) ?? 0) + count);
  }

  function argumentsOf(field: AnyField, node: FieldNode): Place['parentArgs'] | null {
    if (field.args.length === 0) return noArguments;
    try {
      return getArgumentValues(field, node, variables);
    } catch (error) {
      if (error instanceof GraphQLError) return null;
      throw error;
    }
  }

  /** What is selected of each type that the field's value can have. */
  function selectionsBelow(field: AnyField, nodes: readonly FieldNode[]) {
    const named = getNamedType(field.type);
    const types = isAbstractType(named) ? schema.getPossibleTypes(named) : [named];
    return types
      .filter((type) => isObjectType(type))
      .map((type) => ({
        type,
        selection: collectSubFields(schema, fragments, variables, type, [...nodes]).fields as Selection,
      }));
  }

  const query = schema.getQueryType() as GraphQLObjectType;
  const { fields: selection } = collectFields(schema, fragments, variables, query, definition.selectionSet);
  const calls = callsAt({ type: query, selection, parentArgs: {}, crowd: one, full: true, root: null });
  // Several reads of single objects are tried as one while nothing is known about batches.
  const several = Array.from(singles.values()).some((count) => count > 1);
  if (several && app.has('batch') === null) tried.add('batches');
  return { name: definition.name?.value ?? null, calls, tries: tried.size, refused };
}

type Spending = Omit<Cost, 'crowd' | 'full'>;

/** Reads below the root may coincide with each other, and with those that follow on another answer. */
const below = (cost: Spending): Spending => ({ ...cost, laterById: cost.byId ?? {} });

const noArguments: Place['parentArgs'] = {};

/** A field without a cost: what it gives has come with its object. */
function free(parent: GraphQLObjectType, field: AnyField, { parents, full }: Visit): Cost {
  // A connection and its edges only lead to the items that were counted with the connection.
  if (/(Connection|Edge)$/.test(parent.name)) return { calls: 0, crowd: parents, full };
  const length = isListType(getNullableType(field.type)) ? unknownLength : 1;
  return { calls: 0, crowd: { ...parents, size: parents.size * length }, full: false };
}

const namesIn = (selection: Selection): string[] =>
  Array.from(selection.values(), ([node]) => node?.name.value ?? '');

const noMarket = (field: string) =>
  new BadUserInput(`Not a market, at \`${field}\`: give an ISO 3166-1 alpha-2 code in capitals, such as DE.`);

const tooManyFields = (actual: number) =>
  new QueryTooComplex('The operation selects more fields than can be counted.', { limit: maxFields, actual });
