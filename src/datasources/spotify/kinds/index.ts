import { album } from './album.ts';
import { artist } from './artist.ts';
import type { KindDefinition, KindRegistry, PagedEndpointDefinition } from './kind.ts';
import { searchEndpoint } from './search-endpoint.ts';
import { track } from './track.ts';

/** The registry: one line for each kind, in the order in which a bare id is looked up. */
export const kinds = {
  artist,
  album,
  track,
} as const satisfies KindRegistry;

type Kinds = typeof kinds;
export type Kind = keyof Kinds;
/** The type of each kind of object, such as `KindOf['artist']`. */
export type KindOf = { [K in Kind]: ReturnType<Kinds[K]['decode']> };
export type SpotifyObject = KindOf[Kind];

/** The registry with the type of each kind, for a kind that is known at run time only. */
export const typedKinds: { readonly [K in Kind]: KindDefinition<KindOf[K]> } = kinds;

export type WithheldField = Kinds[Kind]['withheldFields'][number];
export type PagedEndpoint = Kinds[Kind]['lists'][number]['name'] | (typeof searchEndpoint)['name'];
/** `batch` is the reading of many objects by their ids; the others are endpoints. */
export type Feature = 'batch' | Kinds[Kind]['shortLists'][number]['name'];

/** All endpoints that respond in pages. */
export const pagedEndpoints = (registry: KindRegistry): PagedEndpointDefinition[] => [
  ...Object.values(registry).flatMap(({ lists }) => lists),
  searchEndpoint,
];

/** The names of all endpoints that Spotify may withhold from an app. */
export const shortListNames = (registry: KindRegistry): string[] =>
  Object.values(registry).flatMap(({ shortLists }) => shortLists.map(({ name }) => name));

/** Most ids of one call for each kind, for apps that have batch endpoints. */
export const batchMax = Object.fromEntries(
  Object.values(kinds).map(({ name, batchSize }) => [name, batchSize]),
) as Readonly<Record<Kind, number>>;
