import type { FieldNode, GraphQLObjectType, GraphQLResolveInfo } from 'graphql';
import type {
  FieldContext,
  OperationContext,
  Spotify,
  SpotifyObject,
  Window,
} from '../datasources/spotify/index.ts';
import type { Plan } from './planning/plan.ts';
import { createSelections, type Selections } from './planning/selection.ts';

/** What resolvers get: the datasource, and this operation's share in it. */
export interface Context {
  spotify: Spotify;
  operationContext: OperationContext;
  /** Tells the operation's document apart from others. */
  document: string;
  /** The name that the document gives the operation; null where it gives none, and before that is known. */
  operation: string | null;
  /** What was found out about the operation before it runs; null before that. Resolvers do not need it. */
  plan: Plan | null;
  /** The selections of the operation, as resolvers read them from `info`. */
  selections: Selections;
  /** What its connections show. */
  windows: Window<SpotifyObject>[];
  /** This field as the one that asks. */
  fieldContext(info: GraphQLResolveInfo): FieldContext;
}

/** A field that reads from the datasource. */
export interface FieldRead {
  /** The names of the fields selected below it. */
  selected: ReadonlySet<string>;
  fieldContext: FieldContext;
}

/**
 * The context of one operation, for any GraphQL executor.
 * @param operationContext its deadline and its usage
 * @param document tells the operation's document apart from others
 */
export const createContext = (
  spotify: Spotify,
  operationContext: OperationContext,
  document = '',
): Context => ({
  spotify,
  operationContext,
  document,
  operation: null,
  plan: null,
  selections: createSelections(),
  windows: [],
  fieldContext: (info) => ({
    operation: operationContext,
    location: () => ({ field: `${info.parentType.name}.${info.fieldName}`, path: toArray(info.path) }),
  }),
});

/** The field that is being resolved. */
export const resolvedField = (context: Context, info: GraphQLResolveInfo): FieldRead => ({
  selected: context.selections.namesBelow(info.parentType, info.fieldNodes, info),
  fieldContext: context.fieldContext(info),
});

/**
 * A field below the one that is being resolved.
 * @param child the type that has the field, its nodes, and its path from the resolved field
 */
export const childField = (
  context: Context,
  info: GraphQLResolveInfo,
  child: { type: GraphQLObjectType; nodes: readonly FieldNode[]; path: readonly (string | number)[] },
): FieldRead => ({
  selected: context.selections.namesBelow(child.type, child.nodes, info),
  fieldContext: {
    operation: context.operationContext,
    location: () => ({
      field: `${child.type.name}.${child.nodes[0]?.name.value}`,
      path: [...toArray(info.path), ...child.path],
    }),
  },
});

function toArray(end: GraphQLResolveInfo['path']): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let path: typeof end | undefined = end; path; path = path.prev) keys.unshift(path.key);
  return keys;
}
