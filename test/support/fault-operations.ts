import type { Album, Artist, Track } from '../../src/sandbox/index.ts';
import { catalogue, fixtures } from './catalogue.ts';

/**
 * Operations with their expected data, which is computed from the sandbox's catalogue and not by the gateway. They select
 * only fields that apps in every quota mode get.
 */

export interface Operation {
  kind: Kind;
  query: string;
  variables: Readonly<Record<string, unknown>>;
  /** The expected `data` of the response. */
  truth: unknown;
}

export type Kind =
  | 'artist'
  | 'album'
  | 'track'
  | 'artists'
  | 'albums'
  | 'tracks'
  | 'artistAlbums'
  | 'albumTracks'
  | 'showEpisodes'
  | 'audiobookChapters'
  | 'playlistItems'
  | 'search';

/** In expected data: any value but null, for values that only the gateway can compute. */
export const anything = Symbol('anything');

export { catalogue, fixtures };

const embeddedPageSize = 50;
const defaultFirst = 10; // the page size of an app in development mode

const ordinaryArtists = catalogue
  .artists()
  .filter(({ id }) => !(Object.values(fixtures.artists) as string[]).includes(id));
/** Albums with few tracks that no response to another operation embeds. */
const ordinaryAlbums = catalogue
  .albums()
  .filter(({ id, name }) => name !== '' && !(Object.values(fixtures.albums) as string[]).includes(id));
/** One track of each album, so that no response embeds two of them. */
const ordinaryTracks = ordinaryAlbums.flatMap(({ id }) => catalogue.tracksOf(id).slice(0, 1));

/** Shows that are available in every market. */
const ordinaryShows = catalogue
  .shows()
  .filter(
    ({ id, markets }) => markets.length > 100 && !(Object.values(fixtures.shows) as string[]).includes(id),
  );
const ordinaryAudiobooks = catalogue
  .audiobooks()
  .filter(
    ({ id, markets }) =>
      markets.includes('US') && !(Object.values(fixtures.audiobooks) as string[]).includes(id),
  );

const at = <T>(list: readonly T[], n: number): T => {
  const one = list.at(n % list.length);
  if (one === undefined) throw new Error(`the catalogue has nothing at ${n}`);
  return one;
};

/** Ids by number; a negative number counts from the end. */
export const artistId = (n: number): string => at(ordinaryArtists, n).id;
export const albumId = (n: number): string => at(ordinaryAlbums, n).id;
export const trackId = (n: number): string => at(ordinaryTracks, n).id;
/** A valid id of no object. */
export const unknownId = (n: number): string => `0${String(n).padStart(21, '0')}`;

const artistTruth = ({ id, name }: Artist) => ({ id, name, uri: `spotify:artist:${id}` });
const albumTruth = ({ id, name, totalTracks, upc }: Album) => ({
  id,
  name,
  totalTracks,
  externalIds: { upc },
});
const trackTruth = ({ id, name, durationMs, number, isrc }: Track) => ({
  id,
  name,
  durationMs,
  trackNumber: number,
  externalIds: { isrc },
});

const orNull = <T, R>(object: T | undefined, truth: (object: T) => R): R | null =>
  object === undefined ? null : truth(object);

const artistFields = 'id name uri';
const albumFields = 'id name totalTracks externalIds { upc }';
const trackFields = 'id name durationMs trackNumber externalIds { isrc }';

/** One artist, by its number (see `artistId`) or by its id. */
export function artist(which: number | string): Operation {
  const id = typeof which === 'string' ? which : artistId(which);
  return {
    kind: 'artist',
    query: `query ($id: ID!) { artist(id: $id) { ${artistFields} } }`,
    variables: { id },
    truth: { artist: orNull(catalogue.artist(id), artistTruth) },
  };
}

export function album(which: number | string): Operation {
  const id = typeof which === 'string' ? which : albumId(which);
  return {
    kind: 'album',
    query: `query ($id: ID!) { album(id: $id) { ${albumFields} } }`,
    variables: { id },
    truth: { album: orNull(catalogue.album(id), albumTruth) },
  };
}

export function track(which: number | string): Operation {
  const id = typeof which === 'string' ? which : trackId(which);
  return {
    kind: 'track',
    query: `query ($id: ID!) { track(id: $id) { ${trackFields} } }`,
    variables: { id },
    truth: { track: orNull(catalogue.track(id), trackTruth) },
  };
}

/** An operation without a call: its time depends only on the process and the machine. */
export const localOperation: Operation = {
  kind: 'artist',
  query: '{ __typename }',
  variables: {},
  truth: { __typename: 'Query' },
};

export const artists = (ids: readonly string[]): Operation => ({
  kind: 'artists',
  query: `query ($ids: [ID!]!) { artists(ids: $ids) { ${artistFields} } }`,
  variables: { ids },
  truth: { artists: ids.map((id) => orNull(catalogue.artist(id), artistTruth)) },
});

export const albums = (ids: readonly string[]): Operation => ({
  kind: 'albums',
  query: `query ($ids: [ID!]!) { albums(ids: $ids) { ${albumFields} } }`,
  variables: { ids },
  truth: { albums: ids.map((id) => orNull(catalogue.album(id), albumTruth)) },
});

export const tracks = (ids: readonly string[]): Operation => ({
  kind: 'tracks',
  query: `query ($ids: [ID!]!) { tracks(ids: $ids) { ${trackFields} } }`,
  variables: { ids },
  truth: { tracks: ids.map((id) => orNull(catalogue.track(id), trackTruth)) },
});

export interface PageArgs {
  first?: number;
  after?: string;
  last?: number;
  before?: string;
}

const pageVariables = '$first: Int, $after: String, $last: Int, $before: String';
const pageArguments = 'first: $first, after: $after, last: $last, before: $before';
const pageFields = 'totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

/** The expected first page of a list without flaws. */
function pageTruth<T>(list: readonly T[], first: number, node: (item: T) => unknown) {
  const shown = list.slice(0, first);
  const cursor = shown.length > 0 ? anything : null;
  return {
    totalCount: list.length,
    pageInfo: {
      hasNextPage: first > 0 && first < list.length,
      hasPreviousPage: false,
      startCursor: cursor,
      endCursor: cursor,
    },
    nodes: shown.map(node),
  };
}

/** An artist with its first albums. The expected data is correct for lists without flaws. */
export function artistAlbums(which: number | string, args: PageArgs = { first: defaultFirst }): Operation {
  const id = typeof which === 'string' ? which : artistId(which);
  const list = catalogue
    .albumsOf(id)
    .flatMap((slot) => (slot.shows === 'album' ? (catalogue.album(slot.albumId) ?? []) : []));
  return {
    kind: 'artistAlbums',
    query: `query ($id: ID!, ${pageVariables}) {
      artist(id: $id) { id albums(${pageArguments}) { ${pageFields} nodes { id name } } }
    }`,
    variables: { id, ...args },
    truth: { artist: { id, albums: pageTruth(list, args.first ?? 20, ({ id, name }) => ({ id, name })) } },
  };
}

/** An album with its first tracks. */
export function albumTracks(which: number | string, args: PageArgs = { first: defaultFirst }): Operation {
  const id = typeof which === 'string' ? which : albumId(which);
  const list = catalogue.tracksOf(id);
  return {
    kind: 'albumTracks',
    query: `query ($id: ID!, ${pageVariables}) {
      album(id: $id) { id tracks(${pageArguments}) { ${pageFields} nodes { id name } } }
    }`,
    variables: { id, ...args },
    truth: { album: { id, tracks: pageTruth(list, args.first ?? 20, ({ id, name }) => ({ id, name })) } },
  };
}

/** A show with its first episodes. */
export function showEpisodes(
  which: number | string,
  args: { first: number } = { first: defaultFirst },
): Operation {
  const id = typeof which === 'string' ? which : at(ordinaryShows, which).id;
  const slots = catalogue
    .episodesOf(id)
    .map((slot) => (slot.shows === 'episode' ? { id: slot.episodeId } : slot.shows));
  return ownerWithParts('showEpisodes', 'show', 'episodes', id, slots, args);
}

/** An audiobook with its first chapters. */
export function audiobookChapters(
  which: number | string,
  args: { first: number } = { first: defaultFirst },
): Operation {
  const id = typeof which === 'string' ? which : at(ordinaryAudiobooks, which).id;
  const slots = catalogue
    .chaptersOf(id)
    .map((slot) => (slot.shows === 'chapter' ? { id: slot.chapterId } : slot.shows));
  return ownerWithParts('audiobookChapters', 'audiobook', 'chapters', id, slots, args);
}

/** Playlists of users, which every app may read. */
const ordinaryPlaylists = catalogue
  .playlists()
  .filter(
    ({ id, owner }) =>
      owner.id !== 'spotify' && !(Object.values(fixtures.playlists) as string[]).includes(id),
  );

/** A playlist with its first items, for an app that may read them. A slot without a readable item has a null. */
export function playlistItems(
  which: number | string,
  args: { first: number } = { first: defaultFirst },
): Operation {
  const id = typeof which === 'string' ? which : at(ordinaryPlaylists, which).id;
  const slots = catalogue.itemsOf(id);
  const nodes = slots
    .filter(({ shows }) => shows !== 'nothing')
    .slice(0, args.first)
    .map((slot) => ({
      isLocal: slot.shows === 'local',
      item:
        slot.shows === 'track'
          ? { id: slot.trackId }
          : slot.shows === 'episode'
            ? { id: slot.episodeId }
            : null,
    }));
  const pageInfo = { hasNextPage: args.first < slots.length, hasPreviousPage: false };
  return {
    kind: 'playlistItems',
    query: `query ($id: ID!, ${pageVariables}) {
      playlist(id: $id) {
        id items(${pageArguments}) {
          ${pageFields} nodes { isLocal item { ... on Track { id } ... on Episode { id } } }
        }
      }
    }`,
    variables: { id, ...args },
    truth: {
      playlist: {
        id,
        items: {
          totalCount: slots.length,
          pageInfo: { ...pageInfo, startCursor: anything, endCursor: anything },
          nodes,
        },
      },
    },
  };
}

/** An object with the first items of its list. Slots without an item have no node. */
function ownerWithParts(
  kind: Kind,
  owner: string,
  list: string,
  id: string,
  slots: readonly ({ id: string } | string)[],
  args: { first: number },
): Operation {
  const pages = [slots.slice(0, embeddedPageSize), slots.slice(embeddedPageSize)];
  // A slot without an item makes its page shorter, so that later items move into earlier slots.
  const nodes = pages
    .flatMap((page, i) =>
      page.filter((slot) => slot !== 'nothing').slice(0, Math.max(0, args.first - i * embeddedPageSize)),
    )
    .filter((slot) => typeof slot !== 'string');
  const cursor = nodes.length > 0 ? anything : null;
  const pageInfo = { hasNextPage: args.first < slots.length, hasPreviousPage: false };
  return {
    kind,
    query: `query ($id: ID!, ${pageVariables}) {
      ${owner}(id: $id) { id ${list}(${pageArguments}) { ${pageFields} nodes { id } } }
    }`,
    variables: { id, ...args },
    truth: {
      [owner]: {
        id,
        [list]: {
          totalCount: slots.length,
          pageInfo: { ...pageInfo, startCursor: cursor, endCursor: cursor },
          nodes,
        },
      },
    },
  };
}

/** The first results of two kinds, which one call returns. */
export function search(q: string, first = defaultFirst): Operation {
  const named = ({ id, name }: { id: string; name: string }) => ({ id, name });
  return {
    kind: 'search',
    query: `query ($q: String!, $first: Int) {
      search(q: $q) {
        artists(first: $first) { nodes { id name } }
        albums(first: $first) { nodes { id name } }
      }
    }`,
    variables: { q, first },
    truth: {
      search: {
        artists: { nodes: catalogue.find('artist', q).slice(0, first).map(named) },
        albums: { nodes: catalogue.find('album', q).slice(0, first).map(named) },
      },
    },
  };
}

const words = [
  'ferries',
  'amber',
  'garden',
  'signal',
  'letters',
  'broken',
  'velvet',
  'winter',
  'paper',
  'slow',
];

/** Another operation of the same kind, by number: one that no client has sent yet. */
export const siblings: Readonly<Record<Kind, (n: number) => Operation>> = {
  artist,
  album,
  track,
  artists: (n) => artists([artistId(n)]),
  albums: (n) => albums([albumId(n)]),
  tracks: (n) => tracks([trackId(n)]),
  artistAlbums: (n) => artistAlbums(n),
  albumTracks: (n) => albumTracks(n),
  showEpisodes: (n) => showEpisodes(n),
  audiobookChapters: (n) => audiobookChapters(n),
  playlistItems: (n) => playlistItems(n),
  search: (n) => search(`${at(words, n)} ${n}`),
};

export const range = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);
