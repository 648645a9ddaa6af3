import { createBatchFetcher } from '../../src/datasources/spotify/cache/batch-fetcher.ts';
import { createMemory } from '../../src/datasources/spotify/cache/memory.ts';
import { createReadThroughCache } from '../../src/datasources/spotify/cache/read-through-cache.ts';
import {
  type Capabilities,
  createCapabilities,
} from '../../src/datasources/spotify/capabilities/capabilities.ts';
import type { QuotaMode } from '../../src/datasources/spotify/capabilities/policy.ts';
import {
  createOperationContext,
  parseId,
  type Spotify,
  type Usage,
} from '../../src/datasources/spotify/index.ts';
import { artistAlbums } from '../../src/datasources/spotify/kinds/album.ts';
import { pagedList } from '../../src/datasources/spotify/kinds/lists.ts';
import { createPagination } from '../../src/datasources/spotify/pagination/pages.ts';
import { type ApiRequest, pathOf } from '../../src/datasources/spotify/transport/api-client.ts';
import { readBody } from '../../src/datasources/spotify/transport/body.ts';
import { UpstreamQuotaExceeded, UpstreamUnavailable } from '../../src/errors.ts';
import { createDocuments } from '../../src/operation/documents.ts';
import { createContext } from '../../src/schema/context.ts';
import { schema } from '../../src/schema/index.ts';

/** One artist's list of albums in memory, paged as Spotify pages, behind the real schema and datasource. */

/** What a slot holds: an album by its number, null, or nothing at all, which makes its page short. */
export type TestSlot = number | null | 'hidden';

export interface TestList {
  slots: TestSlot[];
  /** Largest page; larger ones are refused, or answered with as many as this. */
  ceiling: number;
  manner: 'refuse' | 'clamp';
  /** What the answers say of the length, when it is not the truth. */
  total?: number;
  /** Whether `next` stays set behind the end. */
  endless?: boolean;
}

export interface Page {
  ids: number[];
  totalCount: number | null;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
  cursors: string[];
}

export interface PageArgs {
  first?: number;
  last?: number;
  after?: string | null;
  before?: string | null;
}

interface AlbumsAnswer {
  artist: {
    albums: {
      totalCount: number | null;
      pageInfo: Pick<Page, 'hasNextPage' | 'hasPreviousPage' | 'startCursor' | 'endCursor'>;
      edges: { cursor: string; node: { id: string } }[];
    };
  };
}

const unlimited = {
  used: 0,
  limit: null,
  limitSource: 'NONE' as const,
  remaining: Number.POSITIVE_INFINITY,
  usedShare: 0,
  resetAtMs: null,
};
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const artistId = '3Nrfpe0tUJi4K4DXYWgMUX';
const documents = createDocuments({ schema, introspection: false, suggestions: false });
const operation = documents
  .fromText(`query ($first: Int, $last: Int, $after: String, $before: String) {
    artist(id: "${artistId}") {
      albums(first: $first, last: $last, after: $after, before: $before) {
        totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { id } }
      }
    }
  }`)
  .operation(null);
const albumId = (n: number): string => `${n}`.padStart(22, '0');

/** The calls that are left today. */
export interface TestQuota {
  callsLeft: number;
  /** Whether the gateway knows it; otherwise it learns from Spotify's rejection that no call is left. */
  isKnown: boolean;
}

export function testList(
  list: TestList,
  known: { mode?: QuotaMode; freshMs?: number; quota?: TestQuota } = {},
) {
  const { quota } = known;
  const usages: Usage[] = [];
  let callsUntilOutage = Number.POSITIVE_INFINITY;
  const requests: { path: string; offset: number; limit: number; refused: boolean }[] = [];
  const capabilities: Capabilities = createCapabilities(known.mode ?? 'auto', quiet);

  async function call(request: ApiRequest) {
    const limit = Number(request.query['limit']);
    const offset = Number(request.query['offset']);
    const refused = limit > list.ceiling && list.manner === 'refuse';
    if (callsUntilOutage <= requests.length)
      throw new UpstreamUnavailable('Spotify responded with status 503.');
    if (quota?.callsLeft === 0) throw new UpstreamQuotaExceeded('No call is left.', { retryAfter: 86_400 });
    if (quota) quota.callsLeft -= 1;
    requests.push({ path: pathOf(request), offset, limit, refused });
    const body = refused ? { error: { status: 400, message: 'Invalid limit' } } : pageOf(list, offset, limit);
    const read = readBody(Buffer.from(JSON.stringify(body)));
    return {
      kind: 'response' as const,
      status: refused ? 400 : 200,
      body: read?.json,
      etag: null,
      retryAfter: null,
      bytes: 100,
    };
  }

  const freshMs = known.freshMs ?? 300_000;
  const freshness = { freshMs, staleMs: 0 };
  const cache = createReadThroughCache({
    ...freshness,
    batchFetcher: createBatchFetcher({ request: call }, capabilities),
    capabilities,
    memory: createMemory(freshness),
    dailyQuota: quota?.isKnown
      ? { stateOf: () => ({ ...unlimited, remaining: quota.callsLeft }) }
      : undefined,
  });
  const spotify = {
    ...createPagination({ cache, capabilities, freshMs }),
    isAbsent: () => false,
    app: capabilities,
    object: async () => ({ kind: 'artist', id: artistId, market: null }),
    pagedList: () => pagedList(artistAlbums, parseId(artistId, 'artist'), [], null),
  } as unknown as Spotify;

  async function page(args: PageArgs): Promise<Page> {
    const operationContext = createOperationContext(10_000);
    const values = { ...args };
    const context = createContext(spotify, operationContext);
    context.plan = operation.plan(values, { spotify, maxCalls: 100 });
    const result = await operation.execute(values, context);
    operationContext.end();
    usages.push(operationContext.usage);
    if (result.errors) throw result.errors[0];
    const { totalCount, pageInfo, edges } = (result.data as unknown as AlbumsAnswer).artist.albums;
    return {
      totalCount,
      ...pageInfo,
      ids: edges.map(({ node }) => Number(node.id)),
      cursors: edges.map(({ cursor }) => cursor),
    };
  }

  return {
    page,
    requests,
    list,
    usages,
    /** Every call after so many more fails. */
    goDownAfter(calls: number) {
      callsUntilOutage = requests.length + calls;
    },
  };
}

function pageOf(list: TestList, offset: number, askedLimit: number) {
  const limit = Math.min(askedLimit, list.ceiling);
  const total = list.total ?? list.slots.length;
  const items = list.slots
    .slice(offset, offset + limit)
    .filter((slot) => slot !== 'hidden')
    .map((slot) => slot && album(slot));
  const hasNext = offset + limit < total || list.endless;
  return {
    href: '',
    limit,
    offset,
    total,
    previous: null,
    next: hasNext ? 'https://api.spotify.com/next' : null,
    items,
  };
}

const album = (n: number) => ({
  id: albumId(n),
  name: `Album ${n}`,
  type: 'album',
  album_type: 'album',
  total_tracks: 1,
  images: [],
  artists: [],
  external_urls: {},
});
