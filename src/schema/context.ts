import type { GraphQLResolveInfo } from 'graphql';
import type {
  FieldContext,
  OperationContext,
  Spotify,
  SpotifyObject,
  Window,
} from '../datasources/spotify/index.ts';
import type { Plan } from './planning/plan.ts';

/** What resolvers get: the datasource, and this operation's share in it. */
export interface Context {
  spotify: Spotify;
  operationContext: OperationContext;
  /** Tells the operation's document apart from others. */
  document: string;
  /** The name that the document gives the operation; null where it gives none, and before that is known. */
  operation: string | null;
  /** What was found out about the operation before it runs; null before that. */
  plan: Plan | null;
  /** Fields that were started before their object was there, by their path. */
  early: Map<string, Promise<unknown>>;
  /** What its connections show. */
  windows: Window<SpotifyObject>[];
  /** This field as the one that asks. */
  fieldContext(info: GraphQLResolveInfo): FieldContext;
}

export const createContext = (
  spotify: Spotify,
  operationContext: OperationContext,
  document: string,
): Context => ({
  spotify,
  operationContext,
  document,
  operation: null,
  plan: null,
  early: new Map(),
  windows: [],
  fieldContext: (info) => ({
    operation: operationContext,
    location: () => ({ field: `${info.parentType.name}.${info.fieldName}`, path: toArray(info.path) }),
  }),
});

function toArray(end: GraphQLResolveInfo['path']): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let path: typeof end | undefined = end; path; path = path.prev) keys.unshift(path.key);
  return keys;
}
