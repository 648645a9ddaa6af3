import type { PageInfo } from './album-pages.ts';
import type { WrittenRule } from './case-format.ts';
import { type GraphQLResult, startGateway, type TestGateway } from './gateway.ts';
import { fullAlbum, plainId, plainPage, shortAlbum, shortTrack } from './plain-objects.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts';

/** Spotify's paged lists, scripted page by page, and a client that pages through them. */

/** A page as Spotify sends it. */
export interface ScriptedPage {
  /** The number of items, from the first slot on. */
  items: number;
  /** The `total`; of several numbers, each request gets the next one. */
  total: number | readonly number[];
  /** Whether `next` is set. */
  next: boolean;
  /** How long after the call the page is sent. */
  delayMs?: number;
}

/** One kind of list. */
export interface ListKind {
  name: string;
  /** Page size limit of an app in development mode. */
  size: number;
  /** Whether the object that has the list embeds its first page. */
  embeds: boolean;
  /** A regular expression on the path. */
  path: string;
  /** The rules for the other calls that the gateway sends. */
  others(firstPage: object): WrittenRule[];
  item(id: string): object;
  /** The body that contains the page. */
  wrap(page: object): object;
  /** A document that selects `list` with these arguments. */
  document(args: string, selection?: string): string;
  pick(data: unknown): Connection | null;
}

export interface Connection {
  totalCount: number | null;
  nodes: { id: string }[];
  pageInfo: PageInfo;
}

const connection = 'totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
const parentId = plainId(900_001);

interface Data {
  parent: { list: Connection | null } | null;
}
const pick = (data: unknown): Connection | null => (data as Data).parent?.list ?? null;
/** A document may not declare a variable that it does not use. */
const head = (args: string): string => (args.includes('$after') ? 'query ($after: String)' : 'query');
const asIs = (page: object): object => page;

const artistAlbums: ListKind = {
  name: "an artist's albums",
  size: 10,
  embeds: false,
  path: `^/artists/${parentId}/albums$`,
  others: () => [{ path: '^/artists/[^/]+$', echo: 'artist' }],
  item: shortAlbum,
  wrap: asIs,
  document: (args, selection = connection) =>
    `${head(args)} { parent: artist(id: "${parentId}") { list: albums(${args}) { ${selection} } } }`,
  pick,
};

const albumTracks: ListKind = {
  ...artistAlbums,
  name: "an album's tracks",
  size: 50,
  path: `^/albums/${parentId}/tracks$`,
  others: () => [{ path: '^/albums/[^/]+$', echo: 'album' }],
  item: shortTrack,
  document: (args, selection = connection) =>
    `${head(args)} { parent: album(id: "${parentId}") { list: tracks(${args}) { ${selection} } } }`,
};

const embeddedTracks: ListKind = {
  ...albumTracks,
  name: "an album's tracks, whose first page the album embeds",
  embeds: true,
  others: (firstPage) => [
    {
      path: '^/albums/[^/]+$',
      body: { ...fullAlbum(parentId), tracks: firstPage },
    },
  ],
};

const search: ListKind = {
  name: 'a search',
  size: 10,
  embeds: false,
  path: '^/search$',
  others: () => [],
  item: shortTrack,
  wrap: (page) => ({ tracks: page }),
  document: (args, selection = connection) =>
    `${head(args)} { parent: search(q: "abc", type: [TRACK]) { list: tracks(${args}) { ${selection} } } }`,
  pick,
};

export const listKinds: readonly ListKind[] = [artistAlbums, albumTracks, embeddedTracks, search];
/** Lists whose first page is not embedded, so that the gateway requests it. */
export const requestedLists: readonly ListKind[] = [artistAlbums, albumTracks, search];

/** The id of the item in a slot. */
export const itemId = (slot: number): string => plainId(slot + 1);

function pageOf(kind: ListKind, i: number, { items, next }: ScriptedPage, total: number): object {
  const offset = i * kind.size;
  const itemsOfPage = Array.from({ length: items }, (_, slot) => kind.item(itemId(offset + slot)));
  const nextUrl = next ? `https://api.spotify.com/v1/next?offset=${offset + kind.size}` : null;
  return plainPage(itemsOfPage, { limit: kind.size, next: nextUrl, offset, total });
}

/** The rules that script a list; after its pages there are empty ones without `next`. */
function rulesOf(kind: ListKind, pages: readonly ScriptedPage[]): WrittenRule[] {
  const rules = pages.flatMap((page, i): WrittenRule[] => {
    const totals = [page.total].flat();
    return totals.map((total, n) => ({
      path: kind.path,
      query: { offset: `${i * kind.size}` },
      ...(page.delayMs !== undefined && { delayMs: page.delayMs }),
      ...(n < totals.length - 1 && { times: 1 }),
      body: kind.wrap(pageOf(kind, i, page, total)),
    }));
  });
  const [first] = pages;
  const total = [first?.total ?? 0].flat()[0] ?? 0;
  const emptyPage = pageOf(kind, 0, { items: 0, total, next: false }, total);
  return [
    ...rules,
    { path: kind.path, echoPage: true, body: kind.wrap(emptyPage) },
    ...kind.others(first ? pageOf(kind, 0, first, total) : {}),
  ];
}

export interface ListEnvironment {
  upstream: ScriptedUpstream;
  gateway: TestGateway;
  /** Reads one window. */
  window(args: string): Promise<Connection>;
  /** Pages through the whole list. */
  walk(first: number): Promise<Walk>;
  /** The offsets of the requested pages, in their order. */
  offsets(): number[];
}

export interface Walk {
  ids: string[];
  windows: Connection[];
}

const maxWindows = 100;

/** Starts a gateway for an app in development mode, in front of a scripted list. */
export async function startList(
  kind: ListKind,
  pages: readonly ScriptedPage[],
  first: readonly WrittenRule[] = [],
): Promise<ListEnvironment> {
  const upstream = await startScriptedUpstream([...first, ...rulesOf(kind, pages)]);
  const gateway = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'development' });

  async function window(args: string, after: string | null = null): Promise<Connection> {
    const response: GraphQLResult<unknown> = await gateway.execute(kind.document(args), { after });
    const found = response.errors.length === 0 ? kind.pick(response.data) : null;
    if (!found) throw new Error(`no list for ${args}: ${JSON.stringify(response)}`);
    return found;
  }

  async function walk(size: number): Promise<Walk> {
    const windows: Connection[] = [];
    for (let after: string | null = null; windows.length < maxWindows; ) {
      const found = await window(`first: ${size}, after: $after`, after);
      windows.push(found);
      if (!found.pageInfo.hasNextPage) {
        return { windows, ids: windows.flatMap(({ nodes }) => nodes.map(({ id }) => id)) };
      }
      after = found.pageInfo.endCursor;
      if (after === null) throw new Error('there is a next page and no cursor that leads to it');
    }
    throw new Error('the walk does not end');
  }

  const path = new RegExp(kind.path);
  return {
    upstream,
    gateway,
    window,
    walk,
    offsets: () =>
      upstream
        .calls()
        .filter((call) => path.test(call.path))
        .map(({ query }) => Number(query.get('offset'))),
  };
}
