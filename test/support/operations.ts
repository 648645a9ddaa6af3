import type { QuotaMode } from '../../src/sandbox/index.ts';
import { catalogue } from './catalogue.ts';

/** An operation of docs/calls.md, with the fewest calls that it needs. */
export interface Operation {
  title: string;
  document: string;
  /** A document that is executed first, and not counted. */
  before?: string;
  /** Executes the operation, if that is more than executing the document once; `prior` is the data of `before`. */
  run?: (execute: Execute, document: string, prior: unknown) => Promise<unknown>;
  /** How often it is executed at the same time; default 10. */
  concurrency?: number;
  /** Calls with an empty cache. */
  calls: Cost;
  /** The same for an app whose capabilities are unknown. */
  unknown: Cost;
  /** Why fewer calls are not possible, or why the gateway sends more than the minimum. */
  why: string;
  /** The minimum, if the gateway sends more calls; `why` states the reason. */
  least?: Cost;
  /** Whether responses that happen to arrive together save calls, down to `least`. */
  races?: boolean;
}

export type Cost = Readonly<Record<QuotaMode, number>>;

/** Executes a document and returns its data. @throws its errors */
export type Execute = (document: string) => Promise<unknown>;

export { catalogue };

const { artists, albums, tracks, shows, episodes, audiobooks, chapters, playlists } = catalogue.fixtures;
const ordinary = catalogue
  .artists()
  .map(({ id }) => id)
  .filter((id) => !Object.values<string>(artists).includes(id));
const allArtists = catalogue.artists().map(({ id }) => id);
const unknownIds = ['1111111111111111111111', '2222222222222222222222'];
const [someAlbum = ''] = catalogue
  .albumsOf(artists.bts)
  .flatMap((slot) => (slot.shows === 'album' ? [slot.albumId] : []));
const list = (ids: readonly string[]): string => JSON.stringify(ids);

const cost = (extended: number, development: number): Cost => ({ extended, development });

const albumsOfTen = (artist: string) =>
  `{ artist(id: "${artist}") { name albums(first: 20) { nodes { name } } } }`;

export const operations: readonly Operation[] = [
  {
    title: 'An artist',
    document: `{ artist(id: "${artists.bts}") { name genres images { url } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'Nothing is cached, and one object is one call.',
  },
  {
    title: 'An artist with its first 20 albums',
    document: `{
  artist(id: "${artists.bts}") {
    name
    albums(first: 20) { totalCount nodes { name releaseDate { date } images { url } } }
  }
}`,
    calls: cost(2, 3),
    unknown: cost(2, 4),
    why: 'The artist and its list are two endpoints. A page holds 50 albums, or 10 for an app in development mode: 20 albums are one page or two.',
  },
  {
    title: 'An artist with 100 of its 120 albums',
    document: `{
  artist(id: "${artists.albums120}") {
    name
    albums(first: 100) { nodes { name } }
  }
}`,
    calls: cost(3, 11),
    unknown: cost(3, 12),
    why: 'The artist, and 100 slots in pages of 50 or of 10.',
  },
  {
    title: 'All 104 albums of an artist, 15 at a time',
    document: `query ($after: String) {
  artist(id: "${artists.bts}") {
    name
    albums(first: 15, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } }
  }
}`,
    run: walk,
    calls: cost(4, 12),
    unknown: cost(4, 13),
    why: 'The list has 3 pages of 50 or 11 of 10, and each is read once, whatever the windows are; the artist is read once for all windows.',
  },
  {
    title: 'The next 20 albums, by cursor',
    before: `{
  artist(id: "${artists.bts}") {
    name
    albums(first: 20) { nodes { name } pageInfo { endCursor } }
  }
}`,
    document: `query ($after: String) {
  artist(id: "${artists.bts}") {
    name
    albums(first: 20, after: $after) { nodes { name } }
  }
}`,
    run: (execute, document, prior) => execute(withCursor(document, cursorIn(prior))),
    calls: cost(0, 2),
    unknown: cost(0, 2),
    why: 'The artist is cached. A cached page of 50 contains the slots 20 to 39; with pages of 10 they are on two pages that are not cached.',
  },
  {
    title: 'The next tracks of an album in a market, by `node`, as Relay reads them',
    before: `{
  album(id: "${albums.tracks55}", market: "DE") {
    name
    tracks(first: 5) { nodes { name } pageInfo { endCursor } }
  }
}`,
    document: `query ($after: String) {
  node(id: "${albums.tracks55}") {
    ... on Album { name tracks(first: 10, after: $after) { nodes { name } } }
  }
}`,
    run: (execute, document, prior) => execute(withCursor(document, cursorIn(prior))),
    calls: cost(0, 0),
    unknown: cost(0, 0),
    why: 'The cursor carries the market of its list, in which the album is cached with its first 50 tracks.',
  },
  {
    title: 'One list by windows of three sizes',
    document: `{
  artist(id: "${artists.bts}") {
    name
    few: albums(first: 5) { nodes { name } }
    some: albums(first: 20) { nodes { name } }
    many: albums(first: 50) { nodes { name } }
  }
}`,
    calls: cost(2, 6),
    unknown: cost(2, 7),
    why: 'Overlapping windows share their pages, so the cost is that of the largest window.',
  },
  {
    title: 'The last 5 of 120 albums',
    document: `{
  artist(id: "${artists.albums120}") {
    name
    albums(last: 5) { nodes { name } }
  }
}`,
    calls: cost(3, 3),
    unknown: cost(3, 4),
    why: 'Only a page of the list contains its length, so the calls are the artist, a page for the length, and the page at the end.',
  },
  {
    title: 'The number of albums of a cached artist',
    before: `{ artist(id: "${artists.bts}") { name } }`,
    document: `{ artist(id: "${artists.bts}") { albums { totalCount } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 2),
    why: 'Every page of the list contains its length, whatever `first` is.',
  },
  {
    title: 'The number of albums, if a page of them is cached',
    before: `{ artist(id: "${artists.bts}") { albums(first: 1) { nodes { name } } } }`,
    document: `{ artist(id: "${artists.bts}") { albums { totalCount } } }`,
    calls: cost(0, 0),
    unknown: cost(0, 0),
    why: 'The page contains the number.',
  },
  {
    title: '20 artists in one operation',
    document: `{ artists(ids: ${list(ordinary.slice(0, 20))}) { name } }`,
    calls: cost(1, 20),
    unknown: cost(1, 21),
    why: 'One call reads up to 50 artists. Apps in development mode have no such call, so each artist is one call.',
  },
  {
    title: '60 root fields with aliases, as a stitching parent sends them',
    document: `{
${allArtists
  .slice(0, 58)
  .concat(unknownIds)
  .map((id, i) => `  _v${i}_artist: artist(id: "${id}") { name }`)
  .join('\n')}
}`,
    calls: cost(2, 60),
    unknown: cost(2, 61),
    why: 'Two calls of at most 50 artists, whatever the form of the fields. Two of the 60 do not exist, which only Spotify can tell.',
  },
  {
    title: '20 artists with the first 5 albums of each',
    document: `{
  artists(ids: ${list(ordinary.slice(0, 20))}) {
    name
    albums(first: 5) { nodes { name } }
  }
}`,
    calls: cost(21, 40),
    unknown: cost(21, 42),
    why: 'Each list has its own endpoint, and 5 albums are one page of it; the artists are read as well.',
  },
  {
    title: 'An artist, its first 20 albums, the first 10 tracks of each',
    document: `{
  artist(id: "${artists.bts}") {
    name
    albums(first: 20) { nodes { name tracks(first: 10) { nodes { name durationMs } } } }
  }
}`,
    calls: cost(3, 23),
    unknown: cost(3, 25),
    why: 'An album embeds its first 50 tracks, so the tracks cost one call for 20 albums, or 20 calls for an app in development mode.',
  },
  {
    title: 'The labels of 20 albums',
    document: `{
  artist(id: "${artists.bts}") {
    name
    albums(first: 20) { nodes { name label } }
  }
}`,
    calls: cost(3, 3),
    unknown: cost(4, 5),
    why: 'An app with access to labels gets them with one call for 20 albums. For an app without access the gateway sends no calls for them.',
  },
  {
    title: 'An album with 130 tracks, all of them',
    document: `{
  album(id: "${albums.tracks130}") {
    name
    first: tracks(first: 100) { nodes { name } }
    rest: tracks(last: 30) { nodes { name } }
  }
}`,
    calls: cost(3, 3),
    unknown: cost(3, 3),
    why: 'The album embeds 50 tracks, and the other 80 are on two pages. Pages of tracks have 50 items for every app.',
  },
  {
    title: 'The number of tracks of an album',
    document: `{ album(id: "${albums.tracks130}") { name tracks { totalCount } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'The album embeds the first page of its tracks, which contains the number.',
  },
  {
    title: 'A compilation and the images of all artists on it',
    document: `{
  album(id: "${albums.various}") {
    name
    tracks(first: 10) { nodes { name artists { name images { url } } } }
  }
}`,
    calls: cost(2, 9),
    unknown: cost(2, 10),
    why: 'Simplified objects have no images, so each of the 8 artists is read once: all with one call, or one by one.',
  },
  {
    title: 'A track with the copyrights of its album and the images of its three artists',
    document: `{
  track(id: "${tracks.severalArtists}") {
    name
    album { name copyrights { text } }
    artists { name images { url } }
  }
}`,
    calls: cost(3, 5),
    unknown: cost(3, 6),
    why: 'The track contains the ids of the others. The album is one call; the artists are one call, or one call each.',
  },
  {
    title: 'A track and the id of its album',
    document: `{ track(id: "${tracks.explicit}") { name album { id name } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'The simplified album in the track has all selected fields.',
  },
  {
    title: 'An artist that is embedded in a cached response',
    before: `{ artist(id: "${artists.bts}") { albums(first: 5) { nodes { name } } } }`,
    document: `{ artist(id: "${artists.bts}") { id uri } album(id: "${someAlbum}") { id uri artists { id uri } } }`,
    calls: cost(0, 0),
    unknown: cost(0, 0),
    why: 'Embedded objects are cached too, and used if the simplified object has all selected fields.',
  },
  {
    title: 'A search for three kinds of objects',
    document: `{
  search(q: "love") {
    artists(first: 10) { nodes { name } }
    albums(first: 10) { nodes { name } }
    tracks(first: 10) { nodes { name } }
  }
}`,
    calls: cost(1, 1),
    unknown: cost(1, 2),
    why: 'One call can search for all kinds, with pages of 10 of each.',
  },
  {
    title: 'A track by its ISRC and an album by its UPC',
    document: `{
  trackByIsrc(isrc: "${catalogue.track(tracks.explicit)?.isrc}") { name }
  albumByUpc(upc: "${catalogue.album(albums.tracks55)?.upc}") { name }
}`,
    calls: cost(2, 2),
    unknown: cost(2, 3),
    why: 'Each code is a search text of its own, and a call searches for one text.',
  },
  {
    title: 'An object by its URI',
    document: `{ node(id: "spotify:album:${albums.tracks20}") { id ... on Album { name } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'The URI contains the kind, which determines the endpoint.',
  },
  {
    title: 'An object by its bare id, which is an album',
    document: `{ node(id: "${albums.tracks20}") { id ... on Album { name } } }`,
    calls: cost(2, 2),
    unknown: cost(2, 2),
    why: 'A bare id does not contain its kind, and no endpoint accepts all kinds: artists, albums and tracks are requested in this order until one exists. A URI avoids this.',
  },
  {
    title: 'A cached object by its bare id',
    before: `{ album(id: "${albums.tracks20}") { name } }`,
    document: `{ node(id: "${albums.tracks20}") { id ... on Album { name } } }`,
    calls: cost(0, 0),
    unknown: cost(0, 0),
    why: 'The gateway looks in the cache first.',
  },
  {
    title: '100 operations at the same time, over 10 artists with 20 albums each',
    document: albumsOfTen('…'),
    run: (execute) =>
      Promise.all(Array.from({ length: 100 }, (_, i) => execute(albumsOfTen(ordinary[i % 10] ?? '')))),
    concurrency: 2,
    calls: cost(11, 30),
    unknown: cost(11, 32),
    why: 'There are ten different operations: ten artists, with one call or ten, and the pages of ten lists. Identical reads share one call; reads in one event-loop iteration share their batches.',
  },
  {
    title: 'The number of albums of an artist',
    document: `{ artist(id: "${artists.bts}") { albums { totalCount } } }`,
    calls: cost(2, 2),
    unknown: cost(2, 3),
    least: cost(1, 1),
    why: 'The artist is read although no field of it is selected, to know that it exists; the existence of its list would be enough.',
  },
  {
    title: 'The last 5 of 104 albums',
    document: `{ artist(id: "${artists.bts}") { name albums(last: 5) { nodes { name } } } }`,
    calls: cost(4, 4),
    unknown: cost(4, 5),
    least: cost(3, 3),
    why: 'Pages begin at multiples of their size, so that every window can use them. Here the last five slots are on two pages; a page for this window alone would be one call.',
  },
  {
    title: '5 artists, 4 albums of each, the copyrights of each album',
    document: `{
  artists(ids: ${list(ordinary.slice(0, 5))}) {
    name
    albums(first: 4) { nodes { name copyrights { text } } }
  }
}`,
    calls: cost(11, 30),
    unknown: cost(11, 32),
    least: cost(7, 30),
    races: true,
    why: 'Simplified albums have no copyrights. One call could read all 20 albums, but the five lists that contain their ids do not arrive at the same time, and none waits for another: lists that arrive together share a batch, and at worst each list needs its own call.',
  },
  {
    title: 'A show with its newest 20 episodes',
    document: `{ show(id: "${shows.episodes130}") { name episodes(first: 20) { nodes { name releaseDate { date } } } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'A show that is read by itself contains its newest 50 episodes.',
  },
  {
    title: 'The newest 100 episodes of a show',
    document: `{ show(id: "${shows.episodes130}") { episodes(first: 100) { nodes { name } } } }`,
    calls: cost(2, 2),
    unknown: cost(2, 2),
    why: 'Pages of episodes have 50 items for every app, and the first page comes with the show.',
  },
  {
    title: 'Three shows with their newest five episodes',
    document: `{ shows(ids: ${list([shows.episodes3, shows.episodes50, shows.episodes130])}) { name episodes(first: 5) { nodes { name } } } }`,
    calls: cost(4, 3),
    unknown: cost(4, 4),
    least: cost(3, 3),
    why: 'Shows that are read together contain no episodes, so each list needs its own call. Read one by one, each show would contain its list; but whether a list is selected is not known where the shows are read.',
  },
  {
    title: 'An episode with its show',
    document: `{ episode(id: "${episodes.newest}") { name show { name publisher } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'An episode contains its simplified show.',
  },
  {
    title: 'An audiobook with its first 20 chapters',
    document: `{ audiobook(id: "${audiobooks.chapters130}") { name authors { name } chapters(first: 20) { nodes { name durationMs } } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'An audiobook contains its first 50 chapters, also where it is read with others.',
  },
  {
    title: 'Three audiobooks with their first 100 chapters',
    document: `{ audiobooks(ids: ${list([audiobooks.chapters3, audiobooks.chapters50, audiobooks.chapters130])}) { name chapters(first: 100) { nodes { name } } } }`,
    calls: cost(2, 4),
    unknown: cost(2, 5),
    why: 'Only one of them has more than the 50 chapters that it contains.',
  },
  {
    title: 'Whether the chapters of an audiobook can be played',
    document: `{ audiobook(id: "${audiobooks.chapters3}") { chapters { nodes { name isPlayable } } } }`,
    calls: cost(2, 4),
    unknown: cost(2, 5),
    why: 'Lists of chapters do not say it, so that each full chapter is read: three here.',
  },
  {
    title: 'A chapter with its audiobook',
    document: `{ chapter(id: "${chapters.first}") { name audiobook { name narrators { name } } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'A chapter contains its simplified audiobook.',
  },
  {
    title: 'A playlist with its first 100 items',
    document: `{
  playlist(id: "${playlists.items230}") {
    name owner { displayName }
    items(first: 100) { nodes { addedAt item { ... on Track { name artists { name } } ... on Episode { name } } } }
  }
}`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'A playlist contains its first 100 items, as full tracks and episodes. Apps in development mode get no items, as the playlist itself shows.',
  },
  {
    title: 'The first playlists that a search finds',
    document: '{ search(q: "of") { playlists(first: 10) { nodes { name owner { displayName } } } } }',
    calls: cost(1, 1),
    unknown: cost(1, 2),
    why: 'A search result has the owner. The first search of an app finds the page size limit.',
  },
  {
    title: 'The new releases with their artists',
    document: '{ newReleases(first: 50) { nodes { name releaseDate { date } artists { name } } } }',
    calls: cost(1, 0),
    unknown: cost(1, 1),
    why: 'Apps in development mode get no new releases. If the mode is not known, one rejection shows it.',
  },
  {
    title: 'A category with its first playlists',
    document:
      '{ category(id: "party") { name playlists(first: 20) { nodes { name owner { displayName } } } } }',
    calls: cost(2, 0),
    unknown: cost(2, 1),
    why: 'The category and its playlists are one call each. Apps in development mode get neither.',
  },
  {
    title: 'An artist that does not exist, with its albums',
    document: `{ artist(id: "${unknownIds[0]}") { name albums(first: 20) { nodes { name } } } }`,
    calls: cost(2, 2),
    unknown: cost(2, 2),
    least: cost(1, 1),
    why: 'An artist and its albums are requested together, so that the response takes one round trip, not two. For an artist that does not exist the second call is unnecessary, at most once a minute.',
  },
];

/** Executes `before`, then the operation, whose calls the caller counts from `counted` on. */
export async function runOperation(
  { document, before, run = (execute) => execute(document) }: Operation,
  execute: Execute,
  counted: () => void = () => undefined,
): Promise<unknown> {
  const prior = before === undefined ? null : await execute(before);
  counted();
  return run(execute, document, prior);
}

/** Reads all pages by following `endCursor`. */
async function walk(execute: Execute, document: string): Promise<unknown[]> {
  const pages: unknown[] = [];
  for (let cursor: string | null = null; ; ) {
    const data = await execute(withCursor(document, cursor));
    const { nodes, pageInfo } = (data as AlbumsResponse).artist.albums;
    pages.push(nodes);
    if (!pageInfo.hasNextPage) return pages;
    cursor = pageInfo.endCursor;
  }
}

interface AlbumsResponse {
  artist: { albums: { nodes?: unknown; pageInfo: { hasNextPage?: boolean; endCursor: string | null } } };
}

interface TracksResponse {
  album: { tracks: AlbumsResponse['artist']['albums'] };
}

function cursorIn(data: unknown): string | null {
  const response = data as AlbumsResponse | TracksResponse;
  const page = 'artist' in response ? response.artist.albums : response.album.tracks;
  return page.pageInfo.endCursor;
}

/** The document with its variable replaced by its value, because `Execute` takes no variables. */
const withCursor = (document: string, cursor: string | null): string =>
  document.replace(/^query \(.*?\) /, '').replaceAll('$after', JSON.stringify(cursor));
