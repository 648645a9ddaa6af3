import { readFileSync } from 'node:fs';
import DataLoader from 'dataloader';
import { buildSchema, execute, type GraphQLFieldResolver, parse } from 'graphql';
import type { QuotaMode, Sandbox } from '../../src/sandbox/index.ts';

/**
 * The simplest gateway, for comparison: one resolver for each field, one call for each page and id, one DataLoader for each
 * request, and the largest pages that the quota mode allows. It has no batches, no embedded objects and no cache.
 */

interface NaiveGateway {
  execute(document: string): Promise<{ data: unknown; errors: string[] }>;
}

type Json = Record<string, unknown>;
type Load = (path: string) => Promise<Json | null>;
type Args = Record<string, unknown>;

interface Context {
  load: Load;
  mode: QuotaMode;
}

interface Connection {
  items: { slot: number; item: Json }[];
  total: number;
  hasNext: boolean;
}

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
const defaultSize = 20;
const pageSizes = {
  extended: {
    'artists/albums': 50,
    'albums/tracks': 50,
    'shows/episodes': 50,
    'audiobooks/chapters': 50,
    'playlists/tracks': 100,
    browse: 50,
    search: 50,
  },
  development: {
    'artists/albums': 10,
    'albums/tracks': 50,
    'shows/episodes': 50,
    'audiobooks/chapters': 50,
    'playlists/tracks': 100,
    browse: 50,
    search: 10,
  },
};

export function createNaiveGateway(
  { apiUrl, tokenUrl, clientId, clientSecret }: Sandbox,
  mode: QuotaMode,
): NaiveGateway {
  let token: Promise<string> | undefined;

  async function fetchToken(): Promise<string> {
    const response = await fetch(tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: value } = (await response.json()) as { access_token: string };
    return value;
  }

  async function read(path: string): Promise<Json | null> {
    token ??= fetchToken();
    const response = await fetch(apiUrl + path, { headers: { authorization: `Bearer ${await token}` } });
    const body = (await response.json()) as Json;
    if (response.ok) return typed(body);
    if (response.status === 404 || response.status === 403) return null;
    throw new Error(`Spotify responded to ${path} with ${response.status}`);
  }

  return {
    async execute(document) {
      const loader = new DataLoader<string, Json | null>((paths) => Promise.all(paths.map(read)));
      const contextValue: Context = { load: (path) => loader.load(path), mode };
      const result = await execute({ schema, document: parse(document), contextValue, fieldResolver });
      return { data: result.data, errors: (result.errors ?? []).map(({ message }) => message) };
    },
  };
}

const typeNames: Readonly<Record<string, string>> = {
  artist: 'Artist',
  album: 'Album',
  track: 'Track',
  show: 'Show',
  episode: 'Episode',
  audiobook: 'Audiobook',
  chapter: 'Chapter',
  playlist: 'Playlist',
};

const typed = (object: Json): Json => ({ ...object, __typename: typeNames[String(object['type'])] });

/** Spotify returns podcasts and audiobooks only with a market. */
const market = (kind: string): string =>
  /^(show|episode|audiobook|chapter|playlist)$/.test(kind) ? '?market=US' : '';

type Resolve = (parent: Json, args: Args, context: Context) => unknown;

const one =
  (kind: string): Resolve =>
  (_, { id }, { load }) =>
    load(`/${kind}s/${bare(id)}${market(kind)}`);

const many =
  (kind: string): Resolve =>
  (_, { ids }, { load }) =>
    (ids as string[]).map((id) => load(`/${kind}s/${bare(id)}${market(kind)}`));

const found =
  (kind: string): Resolve =>
  ({ q }, args, context) => {
    const query = new URLSearchParams({ q: String(q), type: kind });
    return connection(`/search?${query}&`, args, context.mode, 'search', async (path) => {
      const response = await context.load(path);
      return response && (response[`${kind}s`] as Json);
    });
  };

const browsed = (path: string, key: string, args: Args, { load, mode }: Context) =>
  connection(`${path}?`, args, mode, 'browse', async (url) => {
    const response = await load(url);
    return response && (response[key] as Json);
  });

const byCode =
  (kind: 'album' | 'track', code: 'upc' | 'isrc'): Resolve =>
  async (_, args, { load }) => {
    const response = await load(`/search?q=${code}:${args[code]}&type=${kind}`);
    return (response?.[`${kind}s`] as { items: Json[] } | undefined)?.items[0] ?? null;
  };

const resolvers: Readonly<Record<string, Resolve>> = {
  'Query.artist': one('artist'),
  'Query.album': one('album'),
  'Query.track': one('track'),
  'Query.show': one('show'),
  'Query.episode': one('episode'),
  'Query.audiobook': one('audiobook'),
  'Query.chapter': one('chapter'),
  'Query.playlist': one('playlist'),
  'Query.artists': many('artist'),
  'Query.albums': many('album'),
  'Query.tracks': many('track'),
  'Query.shows': many('show'),
  'Query.episodes': many('episode'),
  'Query.audiobooks': many('audiobook'),
  'Query.chapters': many('chapter'),
  async 'Query.node'(_, { id }, { load }) {
    const [, kind] = String(id).split(':');
    for (const candidate of kind === undefined ? ['artist', 'album', 'track'] : [kind]) {
      const object = await load(`/${candidate}s/${bare(id)}`);
      if (object) return object;
    }
    return null;
  },
  'Query.trackByIsrc': byCode('track', 'isrc'),
  'Query.albumByUpc': byCode('album', 'upc'),
  'Query.newReleases': (_, args, context) => browsed('/browse/new-releases', 'albums', args, context),
  'Query.category': (_, { id }, { load }) => load(`/browse/categories/${id}`),
  'Category.playlists': ({ id }, args, context) =>
    browsed(`/browse/categories/${id}/playlists`, 'playlists', args, context),
  'Query.search': (_, { q }) => ({ q }),
  'SearchResults.artists': found('artist'),
  'SearchResults.albums': found('album'),
  'SearchResults.tracks': found('track'),
  'SearchResults.playlists': found('playlist'),
  'Artist.albums': ({ id }, args, { load, mode }) =>
    connection(`/artists/${id}/albums?`, args, mode, 'artists/albums', load),
  'Album.tracks': ({ id }, args, { load, mode }) =>
    connection(`/albums/${id}/tracks?`, args, mode, 'albums/tracks', load),
  'Show.episodes': ({ id }, args, { load, mode }) =>
    connection(`/shows/${id}/episodes?market=US&`, args, mode, 'shows/episodes', load),
  'Audiobook.chapters': ({ id }, args, { load, mode }) =>
    connection(`/audiobooks/${id}/chapters?market=US&`, args, mode, 'audiobooks/chapters', load),
  'Chapter.isPlayable': async ({ id, isPlayable }, _, { load }) =>
    isPlayable ?? (await load(`/chapters/${id}?market=US`))?.['is_playable'],
  'Playlist.items': ({ id, items }, args, { load, mode }) =>
    items ? connection(`/playlists/${id}/tracks?market=US&`, args, mode, 'playlists/tracks', load) : null,
  'PlaylistItem.item': ({ item }) => item && typed(item as Json),
  async 'Track.album'({ id, album }, _, { load }) {
    return album ?? (await load(`/tracks/${id}`))?.['album'];
  },
  'ReleaseDate.date': ({ date }) => date,
};

/** Reads the pages of a window one after the other. */
async function connection(
  path: string,
  args: Args,
  mode: QuotaMode,
  endpoint: keyof (typeof pageSizes)['extended'],
  load: Load,
): Promise<Connection | null> {
  const limit = pageSizes[mode][endpoint];
  const pageAt = (offset: number) => load(`${path}limit=${limit}&offset=${offset}`);
  const { first, after, last } = args as { first?: number; after?: string | null; last?: number };

  let start = after == null ? 0 : Number(after) + 1;
  let end = start + (first ?? defaultSize);
  if (last !== undefined) {
    end = Number((await pageAt(0))?.['total']);
    start = Math.max(0, end - last);
  }
  const items: Connection['items'] = [];
  for (let offset = start; ; offset += limit) {
    const page = await pageAt(offset);
    if (page === null) return null;
    const total = Number(page['total']);
    for (const [i, item] of (page['items'] as (Json | null)[]).entries()) {
      if (item && offset + i < end) items.push({ slot: offset + i, item });
    }
    if (offset + limit >= Math.min(end, total)) return { items, total, hasNext: end < total };
  }
}

/** Fields that simplified objects lack. */
const fullFields = new Set([
  'images',
  'genres',
  'followers',
  'popularity',
  'copyrights',
  'externalIds',
  'label',
]);
const enumFields = new Set(['AlbumType', 'AlbumGroup', 'DatePrecision', 'CopyrightType']);

const fieldResolver: GraphQLFieldResolver<Json, Context, Args> = async (parent, args, context, info) => {
  const { fieldName, parentType } = info;
  const resolve = resolvers[`${parentType.name}.${fieldName}`];
  if (resolve) return resolve(parent, args, context);
  if (parentType.name.endsWith('Connection'))
    return connectionField(parent as unknown as Connection, fieldName);

  const name = fieldName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const type = String(info.returnType).replace('!', '');
  if (fieldName === 'externalUrl') return (parent['external_urls'] as Json | undefined)?.['spotify'];
  if (type === 'ReleaseDate') return { date: parent[name], precision: parent['release_date_precision'] };
  let value = parent[name];
  if (value === undefined && fullFields.has(fieldName)) {
    value = (await context.load(`/${parent['type']}s/${parent['id']}`))?.[name];
  }
  return enumFields.has(type) && typeof value === 'string' ? value.toUpperCase() : value;
};

function connectionField({ items, total, hasNext }: Connection, name: string): unknown {
  switch (name) {
    case 'totalCount':
      return total;
    case 'nodes':
      return items.map(({ item }) => item);
    case 'edges':
      return items.map(({ slot, item }) => ({
        cursor: String(slot),
        node: item,
        album_group: item['album_group'],
      }));
    default:
      return {
        has_next_page: hasNext,
        has_previous_page: (items[0]?.slot ?? 0) > 0,
        start_cursor: cursorAt(items, 0),
        end_cursor: cursorAt(items, -1),
      };
  }
}

const cursorAt = (items: Connection['items'], at: number): string | undefined => {
  const slot = items.at(at)?.slot;
  return slot === undefined ? undefined : String(slot);
};

const bare = (id: unknown): string => String(id).split(':').at(-1) ?? '';
