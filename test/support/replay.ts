import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { portOf } from './test-server.ts';
import type { Upstream } from './upstream.ts';

/**
 * Replays recorded responses of Spotify, byte for byte. Requests without a recorded response get an error.
 */

export interface Recording {
  /** Folder and file, such as `spotDL/track_….json`. */
  name: string;
  url: string;
  status: number;
  etag: string | null;
  /** The body as it was recorded. */
  text: string;
}

/** The recorded objects, as far as the gateway serves their fields. */
export interface RecordedLink {
  id: string;
  uri: string;
  external_urls: { spotify: string };
}

export interface RecordedArtist extends RecordedLink {
  name: string;
  images?: RecordedImage[];
  genres?: string[];
  followers?: { total: number };
  popularity?: number;
}

export interface RecordedAlbum extends RecordedLink {
  name: string;
  album_type: string;
  album_group?: string;
  total_tracks?: number;
  is_playable?: boolean;
  release_date?: string;
  release_date_precision?: string;
  images: RecordedImage[];
  artists?: RecordedArtist[];
  copyrights?: { text: string; type: string }[];
  external_ids?: RecordedIds;
  genres?: string[];
  label?: string;
  popularity?: number;
  tracks?: RecordedPage<RecordedTrack>;
}

export interface RecordedTrack extends RecordedLink {
  name: string;
  duration_ms: number;
  track_number: number;
  disc_number: number;
  explicit: boolean;
  is_local?: boolean;
  is_playable?: boolean;
  restrictions?: { reason: string };
  linked_from?: RecordedLink;
  preview_url?: string | null; // development mode lacks it
  artists: RecordedArtist[];
  album?: RecordedAlbum;
  external_ids?: RecordedIds;
  popularity?: number;
}

export type RecordedImage = { url: string; width: number; height: number };
export type RecordedIds = { isrc?: string; upc?: string; ean?: string };
export type RecordedPage<T> = {
  items: T[];
  limit: number;
  offset: number;
  total: number;
  next: string | null;
};

export type Kind = 'artist' | 'album' | 'track';

/** A full object at any place in a response. */
interface RecordedObject {
  kind: Kind;
  /** The id by which it was requested: for a relinked track, that of the original track. */
  id: string;
  json: object;
}

export interface ReplayOptions {
  /** Whether the app has batch endpoints; if not, they respond with 403. Default true. */
  batches?: boolean;
  /**
   * Whether the app is in development mode. Its pages were recorded with smaller limits than the page size limit: the replay
   * responds to every allowed limit with the recorded items. Default false.
   */
  development?: boolean;
}

export interface Replay extends Upstream {
  /** Every call so far, such as `200 /artists?ids=…`, its query decoded; `200 token` for a token. */
  calls(): string[];
}

interface Reply {
  status: number;
  text: string;
  etag?: string | null;
}

const folders = { extended: ['rspotify', 'spotDL'], development: ['dev-2026'] };

/**
 * @param path the folder of all recordings
 * @param mode the quota mode of the recorded app; default extended
 */
export function readRecordings(path: string, mode: keyof typeof folders = 'extended'): Recording[] {
  return folders[mode].flatMap((folder) => {
    const read = (file: string) => readFileSync(join(path, folder, file), 'utf8');
    const exchanges = JSON.parse(read('_http.json')) as Record<string, Omit<Recording, 'name'> & Headed>;
    return Object.entries(exchanges).map(([file, { url, status, headers }]) => ({
      name: `${folder}/${file}`,
      url,
      status,
      etag: headers.etag ?? null,
      text: read(file),
    }));
  });
}

interface Headed {
  headers: { etag?: string };
}

/** The full objects in a response, in their order. */
export function* objectsIn(value: unknown): Generator<RecordedObject> {
  if (typeof value !== 'object' || value === null) return;
  const { type, id, linked_from } = value as Record<string, unknown> & {
    linked_from?: { id: string };
  };
  if (isKind(type) && typeof id === 'string' && isFull(type, value)) {
    yield { kind: type, id: linked_from?.id ?? id, json: value };
  }
  for (const part of Object.values(value)) yield* objectsIn(part);
}

/** In extended mode only full objects have a popularity; in development mode only full objects have these fields. */
const isFull = (kind: Kind, value: object): boolean =>
  'popularity' in value || (!('available_markets' in value) && fullParts[kind] in value);
const fullParts: Record<Kind, string> = { artist: 'images', album: 'copyrights', track: 'album' };

const isKind = (type: unknown): type is Kind => type === 'artist' || type === 'album' || type === 'track';

/** The recorded pages of an artist's albums. */
export interface RecordedList {
  artistId: string;
  /** In capitals; null for all groups. */
  groups: string[] | null;
  pages: Recording[];
  albums: RecordedAlbum[];
  total: number;
  /** The number of slots up to the last recorded album. */
  slots: number;
  /** Whether the last page was recorded too. */
  isWhole: boolean;
}

export function listsIn(recordings: readonly Recording[]): RecordedList[] {
  const lists = new Map<string, RecordedList>();
  for (const page of recordings) {
    const { pathname, searchParams } = new URL(page.url);
    const artistId = /^\/v1\/artists\/(\w{22})\/albums$/.exec(pathname)?.[1];
    if (artistId === undefined) continue;
    const { items, offset, total, next } = JSON.parse(page.text) as RecordedPage<RecordedAlbum>;
    const groups = searchParams.get('include_groups')?.toUpperCase().split(',') ?? null;
    const list = lists.get(listOf(page.url)) ?? {
      artistId,
      groups,
      pages: [],
      albums: [],
      total,
      slots: 0,
      isWhole: false,
    };
    lists.set(listOf(page.url), list);
    list.pages.push(page);
    list.albums.push(...items);
    list.slots = offset + items.length;
    list.isWhole = next === null;
  }
  return [...lists.values()];
}

/** The market of a recording. The top tracks of 2014 have `country` instead of `market`. */
export function marketOf({ url }: Pick<Recording, 'url'>): string | null {
  const { searchParams } = new URL(url);
  return searchParams.get('market') ?? searchParams.get('country');
}

/** Starts a replay of these recordings; it stops with the test. Of several recordings of a request, the last one is used. */
export async function startReplay(
  recordings: readonly Recording[],
  options: ReplayOptions = {},
): Promise<Replay> {
  const calls: string[] = [];
  const tokens = tokensOf(recordings);
  const { development = false, batches = !development } = options;
  const recorded = repliesOf(recordings, batches);
  const replyTo = development ? inDevelopment(recordings, recorded) : recorded;

  function reply(request: IncomingMessage): Reply {
    const url = new URL(request.url ?? '/', 'http://replay.test');
    if (request.method === 'POST' && url.pathname === '/api/token') return tokens.issue();
    const token = tokens.numberOf(request.headers.authorization);
    if (token === null) return refusal(401, 'Invalid access token');
    return replyTo(url, token);
  }

  const server = createServer((request, response) => {
    const recordedReply = reply(request);
    const { etag } = recordedReply;
    const unchanged = etag != null && request.headers['if-none-match'] === etag;
    send(response, unchanged ? { ...recordedReply, status: 304, text: '' } : recordedReply);
    calls.push(`${response.statusCode} ${nameOf(request.url ?? '/')}`);
  });

  const base = `http://127.0.0.1:${await portOf(server)}`;
  return {
    apiUrl: `${base}/v1`,
    tokenUrl: `${base}/api/token`,
    clientId: 'replay',
    clientSecret: 'replay',
    calls: () => [...calls],
  };
}

/** Token responses as recorded, but with distinct tokens, which the recordings have redacted. */
function tokensOf(recordings: readonly Recording[]) {
  const recorded = recordings.find(({ url }) => new URL(url).pathname === '/api/token');
  const token = recorded ? (JSON.parse(recorded.text) as object) : { token_type: 'Bearer', expires_in: 3600 };
  let issued = 0;
  return {
    issue: (): Reply => {
      issued += 1;
      return { status: 200, text: JSON.stringify({ ...token, access_token: `token-${issued}` }) };
    },
    /** The number of the token that a call carries, from 1; null if it carries none of them. */
    numberOf(authorization: string | undefined): number | null {
      const number = Number(/^Bearer token-([1-9]\d*)$/.exec(authorization ?? '')?.[1]);
      return number <= issued ? number : null;
    },
  };
}

function repliesOf(recordings: readonly Recording[], batches: boolean) {
  const found = new Map<string, Reply>();
  const expired = new Map<string, Reply>();
  const pageSizes = new Map<string, number>();

  for (const { url, status, text, etag } of recordings) {
    (status === 401 ? expired : found).set(keyOf(url), { status, text, etag });
    const limit = new URL(url).searchParams.get('limit');
    if (limit !== null) pageSizes.set(listOf(url), Number(limit));
  }
  // Requests for one object also get objects that were recorded as parts of other responses.
  for (const recording of recordings) {
    for (const { kind, id, json } of objectsIn(JSON.parse(recording.text))) {
      const key = keyOf(singleUrl(kind, id, marketOf(recording)));
      if (!found.has(key)) found.set(key, { status: 200, text: JSON.stringify(json) });
    }
  }

  function batchReply(kind: Kind, { searchParams }: URL): Reply {
    const ids = searchParams.get('ids')?.split(',') ?? [];
    const texts = ids.map((id) => found.get(keyOf(singleUrl(kind, id, searchParams.get('market'))))?.text);
    return { status: 200, text: `{"${kind}s":[${texts.map((text) => text ?? 'null')}]}` };
  }

  /** A page smaller than the recorded ones, cut out of the recorded page that covers it. */
  function partOfPage(url: URL, pageSize: number): Reply | null {
    const [limit, offset] = ['limit', 'offset'].map((name) => Number(url.searchParams.get(name)));
    if (!limit || offset === undefined || !Number.isFinite(pageSize)) return null;
    const recordedOffset = offset - (offset % pageSize);
    const recorded = new URL(url);
    recorded.searchParams.set('limit', `${pageSize}`);
    recorded.searchParams.set('offset', `${recordedOffset}`);
    const whole = found.get(keyOf(recorded.href));
    if (whole === undefined) return null;
    const body = JSON.parse(whole.text) as Record<string, unknown>;
    const kind = 'items' in body ? undefined : Object.keys(body)[0];
    const page = (kind === undefined ? body : body[kind]) as { items: unknown[]; next: string | null };
    const from = offset - recordedOffset;
    const isLast = page.next === null && from + limit >= page.items.length;
    const items = page.items.slice(from, from + limit);
    const part = { ...page, items, limit, offset, next: isLast ? null : 'https://api.spotify.com/v1/next' };
    const text = JSON.stringify(kind === undefined ? part : { [kind]: part });
    return { status: 200, text, etag: whole.etag == null ? null : `${whole.etag.slice(0, -1)}-${from}"` };
  }

  return (url: URL, token: number): Reply => {
    const batchOf = /^\/v1\/(artist|album|track)s$/.exec(url.pathname)?.[1];
    if (batchOf && !batches) return refusal(403, 'Forbidden');
    const key = keyOf(url.href);
    // The recorded 401 is about an expired token, so it applies to the first token only.
    const refused = token === 1 ? expired.get(key) : undefined;
    const reply = refused ?? found.get(key);
    if (reply) return reply;
    if (isKind(batchOf)) return batchReply(batchOf, url);
    const pageSize = pageSizes.get(listOf(url.href)) ?? Number.POSITIVE_INFINITY;
    if (Number(url.searchParams.get('limit')) > pageSize) return refusal(400, 'Invalid limit');
    return partOfPage(url, pageSize) ?? refusal(404, 'Resource not found');
  };
}

/** The page size limits of an app in development mode. */
const developmentPages: readonly [path: RegExp, limit: number][] = [
  [/^\/v1\/search$/, 10],
  [/^\/v1\/artists\/\w+\/albums$/, 10],
  [/^\/v1\/albums\/\w+\/tracks$/, 50],
];
const withdrawn = /^\/v1\/artists\/\w+\/(top-tracks|related-artists)$/;

type ReplyTo = (url: URL, token: number) => Reply;

function inDevelopment(recordings: readonly Recording[], other: ReplyTo): ReplyTo {
  const pages = new Map(recordings.map(({ url, text }) => [listOf(url), JSON.parse(text) as object]));
  return (url, token) => {
    if (withdrawn.test(url.pathname)) return refusal(403, 'Forbidden');
    const largest = developmentPages.find(([path]) => path.test(url.pathname))?.[1];
    const page = pages.get(listOf(url.href));
    if (largest === undefined || !page) return other(url, token);
    const [limit, offset] = ['limit', 'offset'].map((name) => Number(url.searchParams.get(name)));
    if (limit === undefined || limit > largest) return refusal(400, 'Invalid limit');
    return { status: 200, text: JSON.stringify(withPage(page, limit, offset ?? 0)) };
  };
}

/** A page that was recorded with a smaller limit, changed to the requested limit except for its items. */
function withPage(body: object, limit: number, offset: number): object {
  if (!('items' in body)) {
    return Object.fromEntries(
      Object.entries(body).map(([kind, page]) => [kind, withPage(page, limit, offset)]),
    );
  }
  const page = body as RecordedPage<unknown>;
  return {
    ...page,
    items: offset === page.offset ? page.items : [],
    limit,
    offset,
    next: offset + limit < page.total ? `https://api.spotify.com/v1/next?offset=${offset + limit}` : null,
  };
}

const singleUrl = (kind: Kind, id: string, market: string | null): string =>
  `https://api.spotify.com/v1/${kind}s/${id}${market === null ? '' : `?market=${market}`}`;

/** Requests that differ only in notation have equal keys. */
function keyOf(address: string, ignored: readonly string[] = []): string {
  const { pathname, searchParams } = new URL(address);
  for (const name of ['locale', ...ignored]) searchParams.delete(name);
  const country = searchParams.get('country');
  if (country !== null) searchParams.set('market', country);
  searchParams.delete('country');
  searchParams.sort();
  return `${pathname.replace(/\/$/, '')}?${searchParams}`;
}

const listOf = (address: string): string => keyOf(address, ['limit', 'offset']);

function nameOf(address: string): string {
  const { pathname, searchParams } = new URL(address, 'http://replay.test');
  if (pathname === '/api/token') return 'token';
  const query = Array.from(searchParams, ([name, value]) => `${name}=${value}`).join('&');
  return pathname.replace(/^\/v1/, '') + (query && `?${query}`);
}

const refusal = (status: number, message: string): Reply => ({
  status,
  text: JSON.stringify({ error: { status, message } }),
});

function send(response: ServerResponse, { status, text, etag }: Reply): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    ...(etag != null && { etag }),
  });
  response.end(text);
}
