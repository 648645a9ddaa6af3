import { BadUserInput } from '../../../errors.ts';
import type { Family } from '../usage/observer.ts';
import { album } from './album.ts';
import { artist } from './artist.ts';
import { audiobook } from './audiobook.ts';
import { type BrowseListDefinition, browseLists } from './browse-lists.ts';
import { chapter } from './chapter.ts';
import { episode } from './episode.ts';
import {
  bareIdKinds,
  type Entity,
  getKind,
  getList,
  hourMs,
  isNamed,
  type KindDefinition,
  type KindRegistry,
  type PagedEndpointDefinition,
} from './kind.ts';
import { playlist } from './playlist.ts';
import { show } from './show.ts';
import { readId, type SpotifyId, type WrittenId } from './spotify-id.ts';
import { track } from './track.ts';

export * from './album.ts';
export * from './artist.ts';
export * from './audiobook.ts';
export {
  type BrowseListDefinition,
  categories,
  categoryPlaylists,
  newReleases,
  userPlaylists,
} from './browse-lists.ts';
export type { Category } from './category.ts';
export * from './chapter.ts';
export * from './episode.ts';
export { bareIdKinds } from './kind.ts';
export * from './playlist.ts';
export * from './show.ts';
export * from './track.ts';
export type { User } from './user.ts';

/** The registry: one line for each kind, in the order in which a bare id is looked up. */
export const kinds = {
  artist,
  album,
  track,
  show,
  episode,
  audiobook,
  chapter,
  playlist,
} as const satisfies KindRegistry;

/** The search, whose results are of the kinds with `isSearchable`. */
export const searchEndpoint = {
  name: 'search',
  pageSizes: [50, 10],
  developmentPageSize: 10,
  limitGroup: 'search',
  freshMs: hourMs,
  presumedDailyLimit: 200,
  maxOffset: 1_000, // Spotify takes an offset and a limit of 1,000 together at most
  hasStableTotal: false, // it drifts from page to page (spotify/web-api#201)
} as const satisfies PagedEndpointDefinition;

type Kinds = typeof kinds;
export type Kind = keyof Kinds;
/** The type of each kind of object, such as `KindOf['artist']`. */
export type KindOf = { [K in Kind]: ReturnType<Kinds[K]['decode']> };
export type SpotifyObject = KindOf[Kind];

/** The names of all kinds, in the order of the registry. */
export const kindNames = Object.keys(kinds) as readonly Kind[];

/** The registry with the type of each kind, for a kind that is known at run time only. */
export const typedKinds: { readonly [K in Kind]: KindDefinition<KindOf[K]> } = kinds;

type BrowseList = (typeof browseLists)[number];
export type WithheldField = Kinds[Kind]['withheldFields'][number] | BrowseList['withheldField'];
export type PagedEndpoint =
  | Kinds[Kind]['pagedLists'][number]['name']
  | BrowseList['name']
  | (typeof searchEndpoint)['name'];
/** `batch` is the reading of many objects by their ids; the others are endpoints. */
export type Feature = 'batch' | Kinds[Kind]['unpagedLists'][number]['name'];

/** Whether the list of a kind has full items, and the field that is null if Spotify withholds the list. */
export const listProperties = (
  name: PagedEndpoint,
): { hasFullItems: boolean; withheldField: WithheldField | undefined } => {
  const { hasFullItems = false, withheldField } = getList(kinds, name);
  return { hasFullItems, withheldField: withheldFields.find((field) => field === withheldField) };
};

const withheldFields = kindNames.flatMap((kind): readonly WithheldField[] => kinds[kind].withheldFields);

/** The name under which Spotify withholds the field of a kind, such as `Album.label`; undefined if it does not. */
export const withheldFieldOf = <F extends string>(kind: { withheldFields: readonly F[] }, field: string) =>
  kind.withheldFields.find((withheld) => withheld.endsWith(`.${field}`));

/** All endpoints that respond in pages. */
export const pagedEndpoints = (registry: KindRegistry): PagedEndpointDefinition[] => [
  ...Object.values(registry).flatMap(({ pagedLists }) => pagedLists),
  ...browseLists,
  searchEndpoint,
];

const endpointsByName = new Map(pagedEndpoints(kinds).map((endpoint) => [endpoint.name, endpoint]));

export const pagedEndpoint = (name: PagedEndpoint): PagedEndpointDefinition =>
  endpointsByName.get(name) as PagedEndpointDefinition; // the type has the names of these endpoints only

/** The lists that belong to no object of the catalogue, and that Spotify may withhold from an app. */
export const browseFields: readonly Pick<BrowseListDefinition<Entity>, 'name' | 'withheldField' | 'on404'>[] =
  browseLists;

/** The names of the lists without pages. */
export const unpagedListNames = (registry: KindRegistry): string[] =>
  Object.values(registry).flatMap(({ unpagedLists }) => unpagedLists.map(({ name }) => name));

/** The object that a client's id names. */
export interface Reference<K extends string = Kind> {
  /** The kinds that it may have, in the order in which they are looked up: a bare id names no kind, and some kinds share their URIs. */
  kinds: readonly K[];
  id: SpotifyId;
}

/**
 * Reads an id, a Spotify URI (`spotify:album:…`) or an `open.spotify.com` link.
 * @throws BadUserInput when it is none of the three, or names an object of a kind that is not in the registry
 */
export function parseReference(input: string): Reference;
export function parseReference(input: string, registry: KindRegistry): Reference<string>;
export function parseReference(input: string, registry: KindRegistry = kinds): Reference<string> {
  const { kind, id, namedKinds } = parseWritten(input, registry);
  return { kinds: (kind === null ? bareIdKinds(registry) : namedKinds).map(({ name }) => name), id };
}

/** @throws BadUserInput as `parseReference` does */
function parseWritten(input: string, registry: KindRegistry): WrittenId & { namedKinds: KindDefinition[] } {
  const written = readId(input);
  if (written === null) {
    throw new BadUserInput(
      'Not a Spotify id: give its 22 characters, a spotify: URI or an open.spotify.com link.',
    );
  }
  const { kind, form } = written;
  const namedKinds = Object.values(registry).filter((definition) => isNamed(definition, kind));
  if (kind === null || namedKinds.length > 0) return { ...written, namedKinds };
  throw new BadUserInput(
    `This is ${withArticle(kind)} ${form}: this API has ${pluralsOf(Object.values(registry))} only.`,
  );
}

/** Such as "an album" and "a user". */
const withArticle = (noun: string): string => `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;

/**
 * Reads an id that must name one kind of object.
 * @throws BadUserInput when it is no id, or names another kind
 */
export function parseId(input: string, kind: string, registry: KindRegistry = kinds): SpotifyId {
  const written = parseWritten(input, registry);
  if (written.kind !== null && !isNamed(getKind(registry, kind), written.kind)) {
    throw new BadUserInput(
      `This names ${withArticle(written.kind)}: give the id, URI or link of ${withArticle(kind)}.`,
    );
  }
  return written.id;
}

/** The Spotify URI of an object. */
export const uriOf = ({ kind, id }: { kind: string; id: string }, registry: KindRegistry = kinds): string =>
  `spotify:${getKind(registry, kind).uriKind ?? kind}:${id}`;

/** Such as `artists, albums and tracks`. */
export const pluralsOf = (definitions: readonly Pick<KindDefinition, 'plural'>[]): string =>
  listFormat.format(definitions.map(({ plural }) => plural));

const listFormat = new Intl.ListFormat('en-GB'); // without a comma before "and"

/** The endpoint families of all kinds and lists. */
export const familiesOf = (registry: KindRegistry): Family[] => [
  ...Object.values(registry).map(({ plural }) => plural),
  ...pagedEndpoints(registry).map(({ name }) => name),
  ...unpagedListNames(registry),
];

export const families: readonly Family[] = familiesOf(kinds);

/** The calls in 24 h after which apps in development mode were seen to be rejected. */
export const presumedDailyLimits: ReadonlyMap<Family, number> = new Map(
  pagedEndpoints(kinds).flatMap(({ name, presumedDailyLimit }) =>
    presumedDailyLimit === undefined ? [] : [[name, presumedDailyLimit] as const],
  ),
);
