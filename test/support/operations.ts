import { type Catalogue, createCatalogue, type QuotaMode } from '../../src/sandbox/index.ts';

/** The questions by which the cost of every question is judged: each with the fewest calls that answer it. */
export interface Operation {
  title: string;
  document: string;
  /** Asked in front of it, and not counted. */
  before?: string;
  /** How it is asked, where that takes more than asking the document once; `prior` is what `before` got. */
  run?: (ask: Ask, document: string, prior: unknown) => Promise<unknown>;
  /** How many ask it at the same time, where a hundred are too many; default 100. */
  crowd?: number;
  /** Calls, with nothing held. */
  calls: Cost;
  /** The same for an app of which nothing is known yet. */
  unknown: Cost;
  /** Why fewer cannot do. */
  why: string;
  /** Where more is spent than the least: what the least would be, and why it is spent. */
  least?: Cost;
  /** Whether answers that happen to come together spare calls, down to `least`. */
  races?: boolean;
}

export type Cost = Readonly<Record<QuotaMode, number>>;

/** The data that a document gets; its errors are thrown. */
export type Ask = (document: string) => Promise<unknown>;

export const catalogue: Catalogue = createCatalogue();

const { artists, albums, tracks } = catalogue.landmarks;
const ordinary = catalogue
  .artists()
  .map(({ id }) => id)
  .filter((id) => !Object.values<string>(artists).includes(id));
const everybody = catalogue.artists().map(({ id }) => id);
const nobody = ['1111111111111111111111', '2222222222222222222222'];
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
    why: 'What is not held has to be asked for, and one object is one call.',
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
    why: 'The list has 3 pages of 50 or 11 of 10, and each is read once, however its windows lie; the artist is read once for all of them.',
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
    run: (ask, document, prior) => ask(withCursor(document, cursorIn(prior))),
    calls: cost(0, 2),
    unknown: cost(0, 2),
    why: 'The artist is held, and so is a page of 50 that holds the slots 20 to 39; in pages of 10 they are two that nobody has asked for yet.',
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
    why: 'Windows that overlap share their pages: it costs what the largest of them costs.',
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
    why: 'Where the end is only a page can tell, so the artist, a page for the length, and the page with the end.',
  },
  {
    title: 'How many albums an artist has that was read before',
    before: `{ artist(id: "${artists.bts}") { name } }`,
    document: `{ artist(id: "${artists.bts}") { albums { totalCount } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 2),
    why: 'Only a page of the list tells its length, and any one page does, whatever `first` says.',
  },
  {
    title: 'How many albums, when a page of them is held',
    before: `{ artist(id: "${artists.bts}") { albums(first: 1) { nodes { name } } } }`,
    document: `{ artist(id: "${artists.bts}") { albums { totalCount } } }`,
    calls: cost(0, 0),
    unknown: cost(0, 0),
    why: 'The page has told it.',
  },
  {
    title: '20 artists in one question',
    document: `{ artists(ids: ${list(ordinary.slice(0, 20))}) { name } }`,
    calls: cost(1, 20),
    unknown: cost(1, 21),
    why: 'One call reads up to 50 artists. Apps in development mode have no such call: there an artist is a call.',
  },
  {
    title: '60 root fields with aliases, as a stitching parent sends them',
    document: `{
${everybody
  .slice(0, 58)
  .concat(nobody)
  .map((id, i) => `  _v${i}_artist: artist(id: "${id}") { name }`)
  .join('\n')}
}`,
    calls: cost(2, 60),
    unknown: cost(2, 61),
    why: 'Two calls of at most 50 artists, however the fields are written down. That two of the 60 do not exist only Spotify can tell.',
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
    why: 'Each list is an endpoint of its own, and 5 albums are one page of it; in front of them stand the artists.',
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
    why: 'An album brings its first 50 tracks along, so tracks cost what albums cost: one call for 20, or 20 calls for an app in development mode.',
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
    why: 'An app that gets labels has them from one call for 20 albums. One that is known not to get them is not told them by 20 calls either.',
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
    why: 'The album brings 50 tracks along, and the other 80 stand on two pages. Pages of tracks hold 50 for every app.',
  },
  {
    title: 'How many tracks an album has, by its list',
    document: `{ album(id: "${albums.tracks130}") { name tracks { totalCount } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'The album brings the first page of its tracks along, which tells the length.',
  },
  {
    title: 'A compilation and the pictures of all who are heard on it',
    document: `{
  album(id: "${albums.various}") {
    name
    tracks(first: 10) { nodes { name artists { name images { url } } } }
  }
}`,
    calls: cost(2, 9),
    unknown: cost(2, 10),
    why: 'Short forms have no pictures, so each of the 8 artists is read once, however often it is heard: all by one call, or one by one.',
  },
  {
    title: 'A track with the copyrights of its album and the pictures of its three artists',
    document: `{
  track(id: "${tracks.severalArtists}") {
    name
    album { name copyrights { text } }
    artists { name images { url } }
  }
}`,
    calls: cost(3, 5),
    unknown: cost(3, 6),
    why: 'The track names the others, which are of two kinds: the album is a call, and the artists are one, or one each.',
  },
  {
    title: 'A track and the id of its album',
    document: `{ track(id: "${tracks.explicit}") { name album { id name } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'The short form of the album comes with the track and has all that is asked.',
  },
  {
    title: 'An artist that came along with something else',
    before: `{ artist(id: "${artists.bts}") { albums(first: 5) { nodes { name } } } }`,
    document: `{ artist(id: "${artists.bts}") { id uri } album(id: "${someAlbum}") { id uri artists { id uri } } }`,
    calls: cost(0, 0),
    unknown: cost(0, 0),
    why: 'Whatever comes along with an answer is held too, and serves where its short form has all that is asked.',
  },
  {
    title: 'A search for three kinds of things',
    document: `{
  search(q: "love") {
    artists(first: 10) { nodes { name } }
    albums(first: 10) { nodes { name } }
    tracks(first: 10) { nodes { name } }
  }
}`,
    calls: cost(1, 1),
    unknown: cost(1, 2),
    why: 'One call can search for all kinds, and 10 of each are a page.',
  },
  {
    title: 'An object by its URI',
    document: `{ node(id: "spotify:album:${albums.tracks20}") { id ... on Album { name } } }`,
    calls: cost(1, 1),
    unknown: cost(1, 1),
    why: 'The URI tells the kind, and so the endpoint.',
  },
  {
    title: 'An object by its bare id, which is an album',
    document: `{ node(id: "${albums.tracks20}") { id ... on Album { name } } }`,
    calls: cost(2, 2),
    unknown: cost(2, 2),
    why: 'A bare id does not tell its kind and no endpoint takes all kinds: artists, albums and tracks are asked in this order, until one answers. A URI spares that.',
  },
  {
    title: 'An object that is held, by its bare id',
    before: `{ album(id: "${albums.tracks20}") { name } }`,
    document: `{ node(id: "${albums.tracks20}") { id ... on Album { name } } }`,
    calls: cost(0, 0),
    unknown: cost(0, 0),
    why: 'What is held is looked at before Spotify is asked.',
  },
  {
    title: '100 questions at the same time, over 10 artists with 20 albums each',
    document: albumsOfTen('…'),
    run: (ask) =>
      Promise.all(Array.from({ length: 100 }, (_, i) => ask(albumsOfTen(ordinary[i % 10] ?? '')))),
    crowd: 2,
    calls: cost(11, 30),
    unknown: cost(11, 32),
    why: 'It is ten different questions: ten artists, by one call or ten, and the pages of ten lists. Who asks for what is on its way waits for it; what is asked in one turn of the event loop shares its batches.',
  },
  {
    title: 'How many albums an artist has',
    document: `{ artist(id: "${artists.bts}") { albums { totalCount } } }`,
    calls: cost(2, 2),
    unknown: cost(2, 3),
    least: cost(1, 1),
    why: 'The artist is read although nothing of it is selected, to know that it exists; that its list is there would say so too.',
  },
  {
    title: 'The last 5 of 104 albums',
    document: `{ artist(id: "${artists.bts}") { name albums(last: 5) { nodes { name } } } }`,
    calls: cost(4, 4),
    unknown: cost(4, 5),
    least: cost(3, 3),
    why: 'Pages begin at multiples of their size, so that every window can use them. Here the last five slots lie on two of them; a page cut for this question alone would be one.',
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
    why: 'Short forms have no copyrights. One call could read all 20 albums, but the five lists that name them do not come in the same moment, and none waits for another: those that come together ask together, and at worst each asks for its own four.',
  },
  {
    title: 'An artist that does not exist, with its albums',
    document: `{ artist(id: "${nobody[0]}") { name albums(first: 20) { nodes { name } } } }`,
    calls: cost(2, 2),
    unknown: cost(2, 2),
    least: cost(1, 1),
    why: 'What surely is needed goes out together, so that an answer takes one round trip and not two. For who does not exist the second call is in vain, once a minute.',
  },
];

/** Asks what is to be counted, after what is not. */
export async function perform(
  { document, before, run = (ask) => ask(document) }: Operation,
  ask: Ask,
  counted: () => void = () => undefined,
): Promise<unknown> {
  const prior = before === undefined ? null : await ask(before);
  counted();
  return run(ask, document, prior);
}

/** Follows `endCursor` to the end. */
async function walk(ask: Ask, document: string): Promise<unknown[]> {
  const pages: unknown[] = [];
  for (let cursor: string | null = null; ; ) {
    const data = await ask(withCursor(document, cursor));
    const { nodes, pageInfo } = (data as AlbumsAnswer).artist.albums;
    pages.push(nodes);
    if (!pageInfo.hasNextPage) return pages;
    cursor = pageInfo.endCursor;
  }
}

interface AlbumsAnswer {
  artist: { albums: { nodes?: unknown; pageInfo: { hasNextPage?: boolean; endCursor: string | null } } };
}

const cursorIn = (data: unknown): string | null => (data as AlbumsAnswer).artist.albums.pageInfo.endCursor;

/** The document with its variable replaced by its value, so that one string is the whole question. */
const withCursor = (document: string, cursor: string | null): string =>
  document.replace(/^query \(.*?\) /, '').replaceAll('$after', JSON.stringify(cursor));
