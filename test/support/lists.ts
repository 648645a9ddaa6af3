import { createBatchFetcher } from '../../src/datasources/spotify/cache/batch-fetcher.ts';
import { createMemory } from '../../src/datasources/spotify/cache/memory.ts';
import { createReadThroughCache } from '../../src/datasources/spotify/cache/read-through-cache.ts';
import {
  type Capabilities,
  createCapabilities,
} from '../../src/datasources/spotify/capabilities/capabilities.ts';
import type { QuotaMode } from '../../src/datasources/spotify/capabilities/policy.ts';
import {
  categories,
  createOperationContext,
  type Entity,
  kinds,
  newReleases,
  type PagedList,
  parseId,
  type Spotify,
  type Usage,
} from '../../src/datasources/spotify/index.ts';
import type { KindDefinition } from '../../src/datasources/spotify/kinds/kind.ts';
import { browseList } from '../../src/datasources/spotify/kinds/requests/browse.ts';
import { pagedList } from '../../src/datasources/spotify/kinds/requests/lists.ts';
import { createPagination } from '../../src/datasources/spotify/pagination/pagination.ts';
import { type ApiRequest, pathOf } from '../../src/datasources/spotify/transport/api-client.ts';
import { readBody } from '../../src/datasources/spotify/transport/body.ts';
import { UpstreamQuotaExceeded, UpstreamUnavailable } from '../../src/errors.ts';
import { createDocuments } from '../../src/operation/documents.ts';
import type { Operation } from '../../src/operation/operation.ts';
import { createContext } from '../../src/schema/context.ts';
import { schema } from '../../src/schema/index.ts';
import { noPurges } from './no-purges.ts';
import { noQuota } from './no-quota.ts';
import { plainPage } from './plain-objects.ts';
import { silentLog } from './silent-log.ts';

/** A list in memory with Spotify's paging, behind the real schema and datasource. */

/** The content of a slot: an item by its number, null, or nothing, which makes its page short. */
export type TestSlot = number | null | 'hidden';

export interface TestList {
  /** The name of the list in the registry; by default `artists/albums`. */
  of?: string;
  slots: TestSlot[];
  /** The page size limit: requests for larger pages are rejected, or get a page of this size. */
  ceiling: number;
  manner: 'refuse' | 'clamp';
  /** The total in the responses, if it differs from the length. */
  total?: number;
  /** Whether `next` is set even on the last page. */
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

interface ListResponse {
  list: {
    totalCount: number | null;
    pageInfo: Pick<Page, 'hasNextPage' | 'hasPreviousPage' | 'startCursor' | 'endCursor'>;
    edges: { cursor: string; node: { id: string } | { item: { id: string } } }[];
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
const ownerId = parseId('3Nrfpe0tUJi4K4DXYWgMUX', 'artist');
const documents = createDocuments({ schema, introspection: false, suggestions: false });

/** A list, and the operation that reads it. */
interface Subject {
  definition: { pageSizes: readonly number[] };
  /** The kind of its owner; null for a list of the root. */
  owner: string | null;
  /** The item with a number, as Spotify writes it. */
  itemOf(n: number): object;
  /** Whether a page may have equal items. */
  isOfEntries: boolean;
  /** The key of the page in the response; null if the response is the page. */
  key: string | null;
  operation: Operation;
  pages(): PagedList<Entity>;
}

const operationOf = (field: string, node: string, owner: string | null): Operation => {
  const list = `list: ${field}(first: $first, last: $last, after: $after, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { ${node} } }
  }`;
  const selection = owner === null ? list : `owner: ${owner}(id: "${ownerId}") { ${list} }`;
  const document = `query ($first: Int, $last: Int, $after: String, $before: String) { ${selection} }`;
  return documents.fromText(document).operation(null);
};

const listsOfObjects = Object.values<KindDefinition>(kinds).flatMap(({ name: itemKind, pagedLists }) =>
  pagedLists.map((definition): [string, Subject] => {
    // `shows/episodes` is the field `episodes` of the kind whose plural is `shows`.
    const [plural, field = ''] = definition.name.split('/');
    const owner = Object.values<KindDefinition>(kinds).find((kind) => kind.plural === plural)?.name ?? '';
    const isOfEntries = definition.identify !== undefined;
    const subject: Subject = {
      definition,
      owner,
      isOfEntries,
      itemOf: isOfEntries ? entry : (n) => item(itemKind, n),
      key: null,
      operation: operationOf(field, isOfEntries ? 'item { ... on Track { id } }' : 'id', owner),
      pages: () => pagedList(definition, ownerId, [] as never, null),
    };
    return [definition.name, subject];
  }),
);

const listsOfTheRoot = [
  { definition: newReleases, field: 'newReleases', itemKind: 'album' },
  { definition: categories, field: 'categories', itemKind: 'category' },
].map(({ definition, field, itemKind }): [string, Subject] => [
  definition.name,
  {
    definition,
    owner: null,
    isOfEntries: false,
    itemOf: (n) => item(itemKind, n),
    key: definition.key,
    operation: operationOf(field, 'id', null),
    pages: () => browseList<Entity, unknown>(definition, undefined),
  },
]);

/** The lists of the registry and of the root, by their names. */
export const pagedLists = new Map([...listsOfObjects, ...listsOfTheRoot]);

function listNamed(name: string) {
  const found = pagedLists.get(name);
  if (!found) throw new Error(`The registry has no list ${name}.`);
  return found;
}

const itemId = (n: number): string => `${n}`.padStart(22, '0');

/** The rest of the daily quota. */
export interface TestQuota {
  callsLeft: number;
  /** Whether the gateway knows the quota; otherwise Spotify's rejection shows that no call is left. */
  isKnown: boolean;
}

export function testList(
  list: TestList,
  options: { mode?: QuotaMode; freshMs?: number; quota?: TestQuota } = {},
) {
  const { quota } = options;
  const { owner, itemOf, key, operation, pages } = listNamed(list.of ?? 'artists/albums');
  const usages: Usage[] = [];
  let callsUntilOutage = Number.POSITIVE_INFINITY;
  const requests: { path: string; offset: number; limit: number; refused: boolean }[] = [];
  const capabilities: Capabilities = createCapabilities(options.mode ?? 'auto', silentLog);

  async function call(request: ApiRequest) {
    const limit = Number(request.query['limit']);
    const offset = Number(request.query['offset']);
    const refused = limit > list.ceiling && list.manner === 'refuse';
    if (callsUntilOutage <= requests.length)
      throw new UpstreamUnavailable('Spotify responded with status 503.');
    if (quota?.callsLeft === 0) throw new UpstreamQuotaExceeded('No call is left.', { retryAfter: 86_400 });
    if (quota) quota.callsLeft -= 1;
    requests.push({ path: pathOf(request), offset, limit, refused });
    const sent = pageOf(list, itemOf, offset, limit);
    const found = key === null ? sent : { [key]: sent };
    const body = refused ? { error: { status: 400, message: 'Invalid limit' } } : found;
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

  const freshMs = options.freshMs ?? 300_000;
  const freshness = { freshMs, staleMs: 0 };
  const dailyQuota = quota?.isKnown
    ? { stateOf: () => ({ ...unlimited, remaining: quota.callsLeft }), queuedCalls: () => 0 }
    : noQuota;
  const cache = createReadThroughCache({
    ...freshness,
    batchFetcher: createBatchFetcher({ request: call }, capabilities),
    capabilities,
    memory: createMemory(freshness),
    purges: noPurges,
    dailyQuota,
    log: silentLog,
  });
  const spotify = {
    ...createPagination({ cache, capabilities, freshMs, purges: noPurges, dailyQuota }),
    mayBeFound: () => true,
    app: capabilities,
    object: async () => ({ kind: owner, id: ownerId, market: null }),
    pagedList: pages,
    browseList: pages,
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
    const data = result.data as unknown as { owner: ListResponse } | ListResponse;
    const { totalCount, pageInfo, edges } = ('owner' in data ? data.owner : data).list;
    return {
      totalCount,
      ...pageInfo,
      ids: edges.map(({ node }) => Number('item' in node ? node.item.id : node.id)),
      cursors: edges.map(({ cursor }) => cursor),
    };
  }

  return {
    page,
    requests,
    list,
    usages,
    /** Makes all calls fail after so many more. */
    goDownAfter(calls: number) {
      callsUntilOutage = requests.length + calls;
    },
  };
}

function pageOf(list: TestList, itemOf: (n: number) => object, offset: number, requestedLimit: number) {
  const limit = Math.min(requestedLimit, list.ceiling);
  const total = list.total ?? list.slots.length;
  const items = list.slots
    .slice(offset, offset + limit)
    .filter((slot) => slot !== 'hidden')
    .map((slot) => slot && itemOf(slot));
  const hasNext = offset + limit < total || list.endless;
  return plainPage(items, { limit, offset, total, next: hasNext ? 'https://api.spotify.com/next' : null });
}

function item(kind: string, n: number) {
  return {
    id: itemId(n),
    name: `Item ${n}`,
    type: kind,
    images: [],
    artists: [],
    external_urls: {},
  };
}

/** All entries were added at the same time, so that only their contents differ. */
function entry(n: number) {
  return {
    added_at: '2026-01-01T00:00:00Z',
    is_local: false,
    item: { ...item('track', n), uri: `spotify:track:${itemId(n)}` },
  };
}
