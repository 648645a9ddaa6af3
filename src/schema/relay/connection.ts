import type { FieldMap, ObjectRef } from '@pothos/core';
import {
  type CursorPosition,
  type Entity,
  isMalformed,
  type Malformed,
  type Slot,
  type Window,
  type WindowArgs,
} from '../../datasources/spotify/index.ts';
import {
  type ArgsBuilder,
  builder,
  elementsNullOnlyWithError,
  type FieldsOf,
  nullOnlyWithError,
  type Types,
} from '../builder.ts';
import { itemOrError, itemsOrErrors, valueOrError } from '../resolvers.ts';
import { defaultWindowSize, maxWindowSize } from './page-arguments.ts';

/** The part of a list that the selection needs: the window is null if only the length is selected. */
export interface Connection<T extends Entity> {
  window: Window<T> | null;
  windowArgs: WindowArgs;
  encode(position: CursorPosition): string;
  /** The length of the list; null if it is not selected. */
  length: number | Malformed | null;
}

export type ConnectionRef<T extends Entity> = ObjectRef<Types, Connection<T>>;

export interface Edge<T extends Entity> extends Slot<T> {
  connection: Connection<T>;
}

const PageInfo = builder.objectRef<Connection<Entity>>('PageInfo').implement({
  description: 'The position of a page in its list, and whether there are further pages.',
  fields: (t) => ({
    hasNextPage: t.boolean({
      description: 'Whether there is a page after this one. While it is true, `endCursor` is set.',
      resolve: ({ window }) => window?.hasNext ?? false,
    }),
    hasPreviousPage: t.boolean({
      description: 'Whether this page starts after the first slot of the list.',
      resolve: ({ window }) => window?.hasPrevious ?? false,
    }),
    startCursor: t.string({
      nullable: true,
      description: 'The value of `before` for the page before this one.',
      resolve: startCursor,
    }),
    endCursor: t.string({
      nullable: true,
      description: 'The value of `after` for the page after this one.',
      resolve: endCursor,
    }),
  }),
});

export const connectionArgs = ({ arg }: ArgsBuilder) => ({
  first: arg.int({
    description: `The number of slots (positions in Spotify's list) from the start: 0 to ${maxWindowSize}, by default ${defaultWindowSize}.`,
  }),
  after: arg.string({ description: 'Start after this cursor. Its market is used if the query names none.' }),
  last: arg.int({
    description: `The number of slots from the end, in place of \`first\`: 0 to ${maxWindowSize}.`,
  }),
  before: arg.string({ description: 'End before this cursor. Its market is used if the query names none.' }),
});

/**
 * Defines a connection type with its edge type.
 * @param edgeFields the fields of the edge besides its node
 */
export function connectionOf<T extends Entity>(
  name: `${string}Connection`,
  node: ObjectRef<Types, T>,
  edgeFields: (t: FieldsOf<Edge<T>>) => FieldMap = () => ({}),
) {
  // Pothos cannot infer the fields of a generic type: inside this function the node is any object of Spotify's.
  const Node = node as unknown as ObjectRef<Types, Entity>;
  const EdgeType = builder.objectRef<Edge<Entity>>(name.replace(/Connection$/, 'Edge')).implement({
    extensions: { isConnectionPart: true },
    description: `One slot in a page of \`${name}\`.`,
    fields: (t) => ({
      cursor: t.string({
        description: 'The cursor of this slot, for `after` and `before`.',
        resolve: cursorOf,
      }),
      node: t.field({
        type: Node,
        nullable: true,
        extensions: nullOnlyWithError,
        description: 'The object in the slot; null with an error if it cannot be read.',
        resolve: ({ item }, _, context, info) => itemOrError(item, () => context.fieldContext(info)),
      }),
      ...edgeFields(t as unknown as FieldsOf<Edge<T>>),
    }),
  });

  const ConnectionType = builder.objectRef<Connection<Entity>>(name).implement({
    extensions: { isConnectionPart: true },
    description:
      'A page of a list. A slot (a position in the list of Spotify) that is empty or repeats an object has no edge, so a page may have fewer edges than requested.',
    fields: (t) => ({
      edges: t.field({
        type: [EdgeType],
        extensions: { length: 'pageSize' },
        description: 'The slots of this page that have an object.',
        resolve: edgesOf,
      }),
      nodes: t.field({
        type: [Node],
        nullable: { list: false, items: true },
        extensions: { ...elementsNullOnlyWithError, length: 'pageSize' },
        description: 'The objects in the slots; null with an error if one cannot be read.',
        resolve: ({ window }, _, context, info) =>
          itemsOrErrors(
            slotsOf(window).map(({ item }) => item),
            context.fieldContext(info),
          ),
      }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'The position of this page in its list.',
        resolve: (connection) => connection,
      }),
      totalCount: t.int({
        nullable: true,
        extensions: nullOnlyWithError,
        description:
          'The length of the list that Spotify states, which may be a little larger than the number of objects that can be read.',
        resolve: ({ length }, _, context, info) => valueOrError(length, context, info),
      }),
    }),
  });
  return ConnectionType as unknown as ConnectionRef<T>;
}

const slotsOf = <T>(window: Window<T> | null): readonly Slot<T>[] => window?.slots ?? [];

const edgesOf = <T extends Entity>(connection: Connection<T>): Edge<T>[] =>
  slotsOf(connection.window).map((slot) => ({ connection, ...slot }));

const cursorOf = <T extends Entity>({ connection, slot, item, total }: Edge<T>): string =>
  connection.encode({ slot, id: isMalformed(item) ? null : item.id, total });

function startCursor(connection: Connection<Entity>): string | null {
  const [first] = edgesOf(connection);
  if (first) return cursorOf(first);
  const { window, windowArgs, encode } = connection;
  // A client that pages towards the front must get past a page of empty slots.
  const needsCursor = window && windowArgs.last !== null && window.hasPrevious && window.start < window.end;
  return needsCursor ? encode({ slot: window.start, id: null, total: window.last.total }) : null;
}

function endCursor(connection: Connection<Entity>): string | null {
  const lastEdge = edgesOf(connection).at(-1);
  if (lastEdge) return cursorOf(lastEdge);
  const { window, encode } = connection;
  return window?.hasNext ? encode(window.last) : null;
}
