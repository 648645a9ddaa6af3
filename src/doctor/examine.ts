import {
  type Family,
  kinds,
  type RawCall,
  type RawClient,
  type RawResponse,
  searchEndpoint,
} from '../datasources/spotify/index.ts';
import type { ReadBody } from './differences.ts';
import type { ShapeName } from './shapes.ts';

/** The calls of the examination. It reads the ids that it needs from the responses before. */

/** Maximum calls of the Web API, retries included; the token call is not counted. */
export const maxCalls = 8;

export interface Examination {
  /** The last response of each endpoint family; `batch` stands for the reading of several albums by their ids. */
  responses: ReadonlyMap<Family, RawResponse>;
  bodies: readonly ReadBody[];
  /** The largest page of the search that Spotify accepts; null if no search succeeded. */
  pageSize: number | null;
  /** The calls that failed and were repeated. */
  repeated: readonly { family: Family; status: number | null }[];
  /** The totals of the first search, and of the same search again; null without the second one. */
  totals: { first: Totals; again: Totals } | null;
  calls: readonly RawCall[];
}

/** The total number of results by the kind, such as `albums`. */
export type Totals = Readonly<Record<string, unknown>>;

interface Read {
  family: Family;
  path: string;
  query?: Record<string, string>;
  shape: ShapeName;
  /** Whether the object may be absent, so that a 404 is a final response. */
  mayBeAbsent?: boolean;
}

// The artist of the README, for the calls that need one if no search succeeds.
const knownArtist = '3Nrfpe0tUJi4K4DXYWgMUX';
// A word that objects of every kind have in their names.
const query = 'the';
const searchableKinds = Object.values(kinds).filter(({ isSearchable }) => isSearchable);
const search = { q: query, type: searchableKinds.map(({ name }) => name).join(',') };
/** The largest page of a search that every app may use. */
export const pageSizeOfEveryApp = 10;

/** @param market for the calls that name one */
export async function examine(client: RawClient, market: string): Promise<Examination> {
  const reader = createReader(client);
  const { pageSize, body: found } = await readSearch(reader, market);
  const artist = idAt(found, 'artists', 'items') ?? knownArtist;
  const albumPage = await reader.read({
    family: 'artists/albums',
    path: `/artists/${artist}/albums`,
    query: { limit: String(pageSize ?? pageSizeOfEveryApp) },
    shape: 'artists/{id}/albums',
  });
  if (pageSize === null)
    await reader.read({ family: 'artists', path: `/artists/${artist}`, shape: 'artists/{id}' });
  const albums = [...idsAt(albumPage, 'items'), ...idsAt(found, 'albums', 'items')].slice(0, 2);
  const firstAlbum = await readAlbums(reader, albums);
  const track = idAt(found, 'tracks', 'items') ?? idAt(firstAlbum, 'tracks', 'items');
  if (track)
    await reader.read({
      family: 'tracks',
      path: `/tracks/${track}`,
      query: { market },
      shape: 'tracks/{id}',
    });
  const show = idAt(found, 'shows', 'items');
  if (show)
    await reader.read({ family: 'shows', path: `/shows/${show}`, query: { market }, shape: 'shows/{id}' });
  const again = pageSize === null ? undefined : await reader.read(searchOf(pageSize, market));
  if (reader.responses.get('batch')?.status === 200) await readUnpagedLists(reader, artist, market);
  return {
    responses: reader.responses,
    bodies: reader.bodies,
    pageSize,
    repeated: reader.repeated,
    totals: again === undefined ? null : { first: totalsOf(found), again: totalsOf(again) },
    calls: client.calls(),
  };
}

type Reader = ReturnType<typeof createReader>;

function createReader(client: RawClient) {
  const responses = new Map<Family, RawResponse>();
  const bodies: ReadBody[] = [];
  const repeated: { family: Family; status: number | null }[] = [];
  let isStopped = false;

  /** The body of a response of status 200. A call that the edge or a server rejected by mistake is repeated once. */
  async function read({ family, path, query = {}, shape, mayBeAbsent = false }: Read): Promise<unknown> {
    if (isStopped || isUsedUp(responses.get(family))) return undefined;
    const before = client.calls().length;
    const request = { family: family === 'batch' ? 'albums' : family, path, query };
    let response = await client.read(request);
    if (response?.isEdgeRejection || (response?.status === 404 && !mayBeAbsent))
      response = (await client.read(request)) ?? response;
    if (response === null) return undefined;
    responses.set(family, response);
    for (const { status } of client.calls().slice(before, -1)) repeated.push({ family, status });
    const hasNoResponse = response.status === null && !response.isUnusable;
    isStopped = response.isPremiumLapsed || response.backOff?.reason === 'rate' || hasNoResponse;
    if (response.status !== 200) return undefined;
    bodies.push({ shape, body: response.body });
    return response.body;
  }

  return { read, responses, bodies, repeated };
}

const isUsedUp = (response: RawResponse | undefined) => response?.backOff?.reason === 'quota';

/** In a market, without which Spotify sends null in place of shows, episodes and audiobooks. */
const searchOf = (limit: number, market: string): Read => ({
  family: 'search',
  path: '/search',
  query: { ...search, market, limit: String(limit) },
  shape: 'search',
});

/** The search with the largest page that Spotify accepts. */
async function readSearch(
  { read, responses }: Reader,
  market: string,
): Promise<{ pageSize: number | null; body: unknown }> {
  for (const limit of searchEndpoint.pageSizes) {
    const body = await read(searchOf(limit, market));
    if (body !== undefined) return { pageSize: limit, body };
    if (responses.get('search')?.status !== 400) break;
  }
  return { pageSize: null, body: undefined };
}

/** Two albums with one call, or the first of them alone if the app may not do that. @returns the first album */
async function readAlbums({ read, responses }: Reader, albums: readonly string[]): Promise<unknown> {
  const [first] = albums;
  if (first === undefined) return undefined;
  const query = { ids: albums.join(',') };
  const batch = await read({ family: 'batch', path: '/albums', query, shape: 'albums' });
  const batchResponse = responses.get('batch');
  if (batch !== undefined && batchResponse) {
    responses.set('albums', batchResponse);
    return valueAt(batch, 'albums', 0);
  }
  return read({ family: 'albums', path: `/albums/${first}`, shape: 'albums/{id}' });
}

async function readUnpagedLists({ read }: Reader, artist: string, market: string): Promise<void> {
  for (const name of ['related-artists', 'top-tracks'] as const) {
    await read({
      family: `artists/${name}`,
      path: `/artists/${artist}/${name}`,
      query: name === 'top-tracks' ? { market } : {},
      shape: `artists/{id}/${name}`,
      mayBeAbsent: true,
    });
  }
}

function valueAt(body: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    body,
  );
}

function idsAt(body: unknown, ...path: readonly string[]): string[] {
  const items = valueAt(body, ...path);
  if (!Array.isArray(items)) return [];
  return items.map((item) => valueAt(item, 'id')).filter((id) => typeof id === 'string');
}

const idAt = (body: unknown, ...path: readonly string[]): string | undefined => idsAt(body, ...path)[0];

const totalsOf = (body: unknown): Totals =>
  Object.fromEntries(Object.keys(body ?? {}).map((kind) => [kind, valueAt(body, kind, 'total')]));
