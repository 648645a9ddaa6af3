import { describe, expect, test } from 'vitest';
import { createBatchFetcher } from '../../../../src/datasources/spotify/cache/batch-fetcher.ts';
import { createMemory } from '../../../../src/datasources/spotify/cache/memory.ts';
import { createReadThroughCache } from '../../../../src/datasources/spotify/cache/read-through-cache.ts';
import { createCapabilities } from '../../../../src/datasources/spotify/capabilities/capabilities.ts';
import type { QuotaMode } from '../../../../src/datasources/spotify/capabilities/policy.ts';
import { createEntityLists } from '../../../../src/datasources/spotify/entity-lists.ts';
import { createEntityReader } from '../../../../src/datasources/spotify/entity-reader.ts';
import { createOperationContext, type SpotifyId } from '../../../../src/datasources/spotify/index.ts';
import { type Artist, artist, simplifiedArtists } from '../../../../src/datasources/spotify/kinds/artist.ts';
import {
  expectObject,
  isMalformed,
  part,
  stringPart,
} from '../../../../src/datasources/spotify/kinds/decoding/json.ts';
import { decodeEmbeddedPage, type Page } from '../../../../src/datasources/spotify/kinds/decoding/page.ts';
import {
  type BaseFields,
  baseFields,
  type Decoded,
  type DecodedList,
} from '../../../../src/datasources/spotify/kinds/decoding/values.ts';
import {
  familiesOf,
  kinds,
  parseId,
  parseReference,
  pluralsOf,
  uriOf,
} from '../../../../src/datasources/spotify/kinds/index.ts';
import type {
  DecodeOptions,
  Entity,
  KindDefinition,
  PagedListDefinition,
  UnpagedListDefinition,
} from '../../../../src/datasources/spotify/kinds/kind.ts';
import { parseMarket } from '../../../../src/datasources/spotify/kinds/markets.ts';
import { byId } from '../../../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import { pagedList } from '../../../../src/datasources/spotify/kinds/requests/lists.ts';
import { searchResults } from '../../../../src/datasources/spotify/kinds/requests/search.ts';
import { createPagination } from '../../../../src/datasources/spotify/pagination/pagination.ts';
import { type ApiRequest, pathOf } from '../../../../src/datasources/spotify/transport/api-client.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import { noPurges } from '../../../support/no-purges.ts';
import { noQuota } from '../../../support/no-quota.ts';
import { shortArtist } from '../../../support/plain-objects.ts';

/** Tests with a kind that the gateway does not have: it needs only this definition and one line in a registry. */

interface Concert extends BaseFields {
  kind: 'concert';
  venue: Decoded<string>;
  artists: DecodedList<Artist>;
}

const artistConcerts: PagedListDefinition<Concert> = {
  name: 'artists/concerts',
  path: (id) => `/artists/${id}/concerts`,
  pageSizes: [50, 5],
  developmentPageSize: 5,
  freshMs: 1_800_000,
  presumedDailyLimit: 40,
  decodeItem: decodeConcert,
};

const nextConcerts: UnpagedListDefinition<Concert> = {
  name: 'artists/next-concerts',
  path: (id) => `/artists/${id}/next-concerts`,
  key: 'concerts',
  freshMs: 60_000,
  takesMarket: false,
  decodeItem: decodeConcert,
};

const concert: KindDefinition<Concert> = {
  name: 'concert',
  plural: 'concerts',
  takesMarket: true,
  isFoundByBareId: true,
  batchSize: 2,
  freshMs: 7_200_000,
  isSearchable: true,
  isFullInSearch: false,
  withheldFields: ['Concert.venue'],
  embedded: ['artists'],
  pagedLists: [artistConcerts],
  unpagedLists: [nextConcerts],
  decode: decodeConcert,
};

/** A kind that Spotify finds only with a market, and whose objects contain the first page of a list if read alone. */
interface Tour extends BaseFields {
  kind: 'tour';
  concerts: Page<Entity> | undefined;
}

const tourConcerts: PagedListDefinition<Concert> = {
  ...artistConcerts,
  name: 'tours/concerts',
  path: (id) => `/tours/${id}/concerts`,
  fallbackMarket: parseMarket('SE'),
};

const embeddedConcerts = { key: 'concerts', list: 'tours/concerts', limit: 50, isInBatches: false };

const tour: KindDefinition<Tour> = {
  name: 'tour',
  plural: 'tours',
  takesMarket: true,
  fallbackMarket: parseMarket('SE'),
  isFoundByBareId: false,
  batchSize: 50,
  freshMs: 7_200_000,
  isSearchable: true,
  isFullInSearch: false,
  withheldFields: [],
  embedded: [],
  embeddedPage: embeddedConcerts,
  pagedLists: [],
  unpagedLists: [],
  decode(value, options) {
    const json = expectObject(value, 'tour');
    const base = baseFields(json, 'tour', options);
    const page = part(json['concerts'], (it) => decodeEmbeddedPage(it, embeddedConcerts, options, base.id));
    return { kind: 'tour', ...base, concerts: isMalformed(page) ? undefined : page };
  },
};

/** A kind whose objects have the URIs of tours. */
interface Residency extends BaseFields {
  kind: 'residency';
}

const residency: KindDefinition<Residency> = {
  name: 'residency',
  uriKind: 'tour',
  plural: 'residencies',
  takesMarket: false,
  isFoundByBareId: false,
  batchSize: 50,
  freshMs: 7_200_000,
  isSearchable: false,
  isFullInSearch: false,
  withheldFields: [],
  embedded: [],
  pagedLists: [],
  unpagedLists: [],
  decode: (value, options) => ({
    kind: 'residency',
    ...baseFields(expectObject(value, 'residency'), 'residency', options),
  }),
};

const registry = {
  ...kinds,
  concert: { ...concert, pagedLists: [artistConcerts, tourConcerts] },
  tour,
  residency,
};

function decodeConcert(value: unknown, options: DecodeOptions): Concert {
  const json = expectObject(value, 'concert');
  return {
    kind: 'concert',
    ...baseFields(json, 'concert', options),
    venue: stringPart(json, 'venue', 'concert'),
    artists: simplifiedArtists(json, 'concert', options),
  };
}

const idOf = (number: number) => `${number}`.padStart(22, '0') as SpotifyId;
const artistJson = { ...shortArtist(idOf(900)), name: 'The Band' };
const concertJson = (id: string) => ({
  id,
  name: `Concert ${Number(id)}`,
  type: 'concert',
  external_urls: {},
  artists: [artistJson],
});
const fullJson = (id: string) => ({ ...concertJson(id), venue: 'Town Hall' });
const ignore = () => undefined;

const residencyId = idOf(8);
const shellId = idOf(404);
const shell = { id: null, name: null, type: 'tour', external_urls: {}, concerts: null };

function toursResponse({ path, query: { ids } }: ApiRequest): unknown {
  const tourJson = { id: idOf(7), name: 'The Tour', type: 'tour', external_urls: {} };
  if (ids !== undefined) return { tours: ids.split(',').map((id) => ({ ...tourJson, id })) };
  if (path.endsWith(shellId) || path.endsWith(residencyId)) return shell;
  const page = { items: [concertJson(idOf(1))], offset: 0, limit: 50, total: 1, next: null };
  return path.endsWith('/concerts') ? page : { ...tourJson, concerts: page };
}

/** Spotify with concerts: objects by their ids, batches, the concerts of an artist and the search. */
function responseTo({ path, query }: ApiRequest): unknown {
  const { ids, offset, limit } = query;
  if (path.startsWith('/residencies')) return { id: residencyId, name: 'Every Monday', type: 'tour' };
  if (path.startsWith('/tours')) return toursResponse({ family: 'tours', path, query });
  if (path.endsWith('/next-concerts')) return { concerts: [concertJson(idOf(1))] };
  if (ids !== undefined) return { concerts: ids.split(',').map(fullJson) };
  if (offset === undefined) return fullJson(path.slice(-22));
  const numbers = Array.from({ length: 3 }, (_, i) => concertJson(idOf(i + 1)));
  const page = { items: numbers, offset: Number(offset), limit: Number(limit), total: 3, next: null };
  return path === '/search' ? { concerts: page } : page;
}

function startDatasource(mode: QuotaMode) {
  const paths: string[] = [];
  const log = { info: ignore, warn: ignore, error: ignore };
  const capabilities = createCapabilities(mode, log, undefined, registry);
  const apiClient = {
    async request(request: ApiRequest) {
      paths.push(pathOf(request));
      const body = responseTo(request);
      return { kind: 'response' as const, status: 200, body, etag: null, retryAfter: null, bytes: 100 };
    },
  };
  const freshness = { freshMs: null, staleMs: 0 };
  const options = { ...freshness, registry, capabilities, dailyQuota: noQuota, purges: noPurges };
  const cache = createReadThroughCache({
    ...options,
    batchFetcher: createBatchFetcher(apiClient, capabilities),
    memory: createMemory({ ...freshness, registry }),
    log,
  });
  const reader = createEntityReader<Entity>({ cache, capabilities, defaultMarket: null, registry });
  return {
    paths,
    capabilities,
    reader,
    lists: createEntityLists(cache, capabilities, null, registry),
    field: reader.field,
    pagination: createPagination({ ...options, cache, freshMs: 60_000 }),
    context: {
      operation: createOperationContext(10_000),
      location: () => ({ field: 'Query.concert', path: [] }),
    },
  };
}

const firstThree = { first: 3, last: null, after: null, before: null };

describe('a kind that is only a definition and a line in the registry', () => {
  test('an object of a kind added to the registry is read by its id together with its embedded objects', async () => {
    const { reader, paths, context } = startDatasource('extended');
    expect(await reader.find(concert, idOf(1), null, context)).toMatchObject({
      kind: 'concert',
      name: 'Concert 1',
      venue: 'Town Hall',
      full: true,
    });
    expect(await reader.find(artist, idOf(900), null, context)).toMatchObject({ name: 'The Band' });
    expect(paths).toEqual([`/concerts/${idOf(1)}`]);
  });

  test('objects of a kind added to the registry are read in batches of the size of their kind', async () => {
    const { reader, paths, context } = startDatasource('extended');
    const found = await Promise.all([1, 2, 3].map((n) => reader.find(concert, idOf(n), null, context)));
    expect(found.map((object) => object?.id)).toEqual([idOf(1), idOf(2), idOf(3)]);
    expect(paths).toEqual([`/concerts?ids=${idOf(1)}%2C${idOf(2)}`, `/concerts/${idOf(3)}`]);
  });

  test('objects of a kind added to the registry are read by single calls in development mode', async () => {
    const { reader, paths, context } = startDatasource('development');
    await Promise.all([1, 2].map((n) => reader.find(concert, idOf(n), null, context)));
    expect(paths).toEqual([`/concerts/${idOf(1)}`, `/concerts/${idOf(2)}`]);
  });

  test.each([
    ['extended', 50],
    ['development', 5],
  ] as const)(
    'an object of a kind added to the registry is found in its list, whose pages have the size of %s mode',
    async (mode, size) => {
      const { reader, pagination, paths, context } = startDatasource(mode);
      const list = pagedList(artistConcerts, idOf(900), undefined, null, registry);
      const window = await pagination.window(list, firstThree, context);
      expect(window?.slots).toHaveLength(3);
      expect(await reader.find(concert, idOf(2), null, context)).toMatchObject({ name: 'Concert 2' });
      expect(await reader.find(artist, idOf(900), null, context)).toMatchObject({ name: 'The Band' });
      expect(paths).toEqual([`/artists/${idOf(900)}/concerts?limit=${size}&offset=0`]);
    },
  );

  test('objects of a kind added to the registry are read from a paged list and from a list without pages by their definitions', async () => {
    const { lists, pagination, paths, context } = startDatasource('extended');
    const owner = { id: idOf(900), market: null };
    const window = await pagination.window(
      lists.pagedList(artistConcerts, owner, undefined, null),
      firstThree,
      context,
    );
    expect(window?.slots.map(({ item }) => 'name' in item && item.name)).toEqual([
      'Concert 1',
      'Concert 2',
      'Concert 3',
    ]);
    expect(await lists.unpagedList(nextConcerts, owner, null, context)).toMatchObject([
      { name: 'Concert 1' },
    ]);
    expect(paths).toEqual([
      `/artists/${idOf(900)}/concerts?limit=50&offset=0`,
      `/artists/${idOf(900)}/next-concerts`,
    ]);
  });

  test('the objects in a list with full items are found as full objects, also if Spotify withholds the list from no app', () => {
    const list = pagedList({ ...artistConcerts, hasFullItems: true }, idOf(900), undefined, null, registry);
    const request = list.page(0, 50);
    const page = request.decode({
      items: [concertJson(idOf(1))],
      offset: 0,
      limit: 50,
      total: 1,
      next: null,
    });
    expect([...request.embeddedObjects(page)]).toMatchObject([{ kind: 'concert' }, { kind: 'artist' }]);
  });

  test('objects of a kind added to the registry are found by a search, whose batch may have every kind', async () => {
    const { pagination, paths, context } = startDatasource('extended');
    const list = searchResults(concert, 'live', null, registry);
    expect((await pagination.window(list, firstThree, context))?.slots).toHaveLength(3);
    expect(paths).toEqual(['/search?q=live&type=concert&limit=50&offset=0']);
    expect(list.page(0, 50).batch?.max).toBe(Object.keys(registry).length);
  });

  test('a field that a simplified object of an added kind lacks comes from the full object, unless Spotify withholds the field', async () => {
    const simplified = decodeConcert(concertJson(idOf(1)), { full: false, market: null, kinds: registry });
    const extended = startDatasource('extended');
    expect(await extended.field(simplified, 'venue', extended.context)).toBe('Town Hall');
    expect(extended.paths).toEqual([`/concerts/${idOf(1)}`]);
    const development = startDatasource('development');
    expect(await development.field(simplified, 'venue', development.context)).toBeNull();
    expect(development.paths).toEqual([]);
  });

  test('a kind added to the registry is named by URIs and links, and its cached objects are found by a bare id', async () => {
    expect(parseReference(`spotify:concert:${idOf(1)}`, registry)).toEqual({
      kinds: ['concert'],
      id: idOf(1),
    });
    expect(parseId(`https://open.spotify.com/concert/${idOf(1)}`, 'concert', registry)).toBe(idOf(1));
    expect(() => parseReference(`spotify:concert:${idOf(1)}`)).toThrow(
      `this API has ${pluralsOf(Object.values(kinds))} only`,
    );
    expect(() => parseReference(`spotify:user:${idOf(1)}`, registry)).toThrow('tours and residencies only');
    const { reader, paths, context } = startDatasource('extended');
    await reader.find(concert, idOf(1), null, context);
    expect(await reader.node(parseReference(idOf(1), registry), null, context)).toMatchObject({
      kind: 'concert',
    });
    expect(paths).toEqual([`/concerts/${idOf(1)}`]);
  });

  test('a kind added to the registry has freshness of its own for its objects, its lists and its search results', () => {
    expect(byId(concert, idOf(1), null, registry).freshMs).toBe(7_200_000);
    expect(pagedList(artistConcerts, idOf(900), undefined, null, registry).page(0, 5).freshMs).toBe(
      1_800_000,
    );
    expect(searchResults(concert, 'live', null, registry).page(0, 5).freshMs).toBe(3_600_000);
  });

  test('a kind added to the registry has endpoint families and capabilities of its own', () => {
    expect(familiesOf(registry)).toEqual(expect.arrayContaining(['concerts', 'artists/concerts']));
    const { capabilities } = startDatasource('development');
    expect(capabilities.values()).toMatchObject({ 'Concert.venue': false, 'artists/concerts': 5 });
  });
});

describe('a kind whose objects have the URIs and links of another kind', () => {
  const uri = `spotify:tour:${residencyId}`;

  test('a kind with the URIs of another kind is accepted in URIs of both kinds, and its objects have the URI of the other kind', () => {
    for (const written of [uri, `spotify:residency:${residencyId}`, residencyId]) {
      expect(parseId(written, 'residency', registry)).toBe(residencyId);
    }
    expect(parseReference(uri, registry).kinds).toEqual(['tour', 'residency']);
    expect(parseReference(`spotify:residency:${residencyId}`, registry).kinds).toEqual(['residency']);
    expect(() => parseId(`spotify:residency:${residencyId}`, 'tour', registry)).toThrow('names a residency');
    expect(uriOf({ kind: 'residency', id: residencyId }, registry)).toBe(uri);
  });

  test('a kind with the URIs of another kind is looked up after the other kind, and costs no call if the object is cached', async () => {
    const { reader, paths, context } = startDatasource('development');
    const found = await reader.node(parseReference(uri, registry), null, context);
    expect(found).toMatchObject({ kind: 'residency', id: residencyId });
    expect(paths).toEqual([`/tours/${residencyId}?market=SE`, `/residencies/${residencyId}`]);
    expect(await reader.node(parseReference(uri, registry), null, context)).toEqual(found);
    expect(paths).toHaveLength(2);
  });
});

describe('a kind that Spotify finds only with a market, and whose batches lack the page of its list', () => {
  const concertsOf = async (owner: Tour | null, datasource: ReturnType<typeof startDatasource>) => {
    const list = datasource.lists.pagedList(
      tourConcerts,
      owner ?? { id: idOf(7), market: null },
      undefined,
      null,
    );
    return (await datasource.pagination.window(list, firstThree, datasource.context))?.slots.length;
  };

  test('an object that needs a market is read with the fallback market of its kind, and its list uses the embedded page', async () => {
    const datasource = startDatasource('development');
    const found = await datasource.reader.find(tour, idOf(7), null, datasource.context);
    expect(found?.market).toBe('SE');
    expect(await concertsOf(found, datasource)).toBe(1);
    expect(datasource.paths).toEqual([`/tours/${idOf(7)}?market=SE`]);
  });

  test('an object whose batch lacks the page of its list is not read again only for that page', async () => {
    const datasource = startDatasource('extended');
    const [found] = await Promise.all(
      [7, 9].map((number) => datasource.reader.find(tour, idOf(number), null, datasource.context)),
    );
    expect(await concertsOf(found ?? null, datasource)).toBe(1);
    expect(datasource.paths).toEqual([
      `/tours?ids=${idOf(7)}%2C${idOf(9)}&market=SE`,
      `/tours/${idOf(7)}/concerts?market=SE&limit=50&offset=0`,
    ]);
  });

  test('a list does not use the page in its object if that page is older than the freshness of the list', async () => {
    const datasource = startDatasource('development');
    const found = await datasource.reader.find(tour, idOf(7), null, datasource.context);
    const page = found?.concerts && { ...found.concerts, asOfMs: epochMs() - tourConcerts.freshMs - 60_000 };
    expect(await concertsOf(found && { ...found, concerts: page }, datasource)).toBe(1);
    expect(datasource.paths.at(-1)).toBe(`/tours/${idOf(7)}/concerts?market=SE&limit=5&offset=0`);
  });

  test('a removed object, of which Spotify sends the keys without an id and a name, is absent', async () => {
    const { reader, context } = startDatasource('development');
    expect(await reader.find(tour, shellId, null, context)).toBeNull();
  });

  test('a bare id does not find an object whose kind has `isFoundByBareId: false`, even if the object is cached', async () => {
    const { reader, paths, context } = startDatasource('development');
    await reader.find(tour, idOf(7), null, context);
    // No artist has this id here: the response is another object.
    await expect(reader.node(parseReference(idOf(7), registry), null, context)).rejects.toThrow(
      'artist.type',
    );
    expect(paths.at(-1)).toBe(`/artists/${idOf(7)}`);
  });
});
