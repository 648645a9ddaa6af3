import type { GraphQLResolveInfo } from 'graphql';
import type { Asker, Scope, Spotify } from './datasources/spotify/index.ts';

/** What resolvers get: the datasource, and this operation's share in it. */
export interface Context {
  spotify: Spotify;
  scope: Scope;
  /** This field as the one that asks. */
  asker(info: GraphQLResolveInfo): Asker;
}

export const createContext = (spotify: Spotify, scope: Scope): Context => ({
  spotify,
  scope,
  asker: (info) => ({
    scope,
    place: () => ({ field: `${info.parentType.name}.${info.fieldName}`, path: toArray(info.path) }),
  }),
});

function toArray(end: GraphQLResolveInfo['path']): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let path: typeof end | undefined = end; path; path = path.prev) keys.unshift(path.key);
  return keys;
}
