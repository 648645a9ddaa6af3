import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCapabilities } from '../../../../src/datasources/spotify/capabilities/capabilities.ts';
import { SmallerPageNeeded } from '../../../../src/datasources/spotify/capabilities/page-sizes.ts';
import { LimitRejected } from '../../../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import type { Fault } from '../../../../src/sandbox/index.ts';
import { startClock, waitForIdleLoop } from '../../../support/clock.ts';
import { testList } from '../../../support/lists.ts';
import { postJson } from '../../../support/post-json.ts';
import {
  allArtistIds,
  artists,
  catalogue,
  dataAndErrorCodes,
  expectNoError,
  jsonList,
  learnedCapabilities,
  startWithUnknownApp,
  unknownId,
  withoutErrors,
} from '../../../support/schema-tests.ts';
import { startStore, stores } from '../../../support/shared-gateways.ts';
import { silentLog } from '../../../support/silent-log.ts';

/** The gateway learns the capabilities of an app from Spotify's responses, once and with as few calls as possible. */

// The sandbox generates its tracks at the first search, and so blocks the event loop until gateways shed requests.
beforeAll(() => void catalogue.find('track', 'the'));

const daySeconds = 24 * 3_600;

const listOf = (id: string) => `{ artist(id: "${id}") { albums(first: 1) { totalCount } } }`;
const listsOf = (ids: readonly string[]) =>
  `{ artists(ids: ${jsonList(ids)}) { albums(first: 1) { totalCount } } }`;
const search = (q: string) => `{ search(q: "${q}") { albums(first: 1) { totalCount } } }`;

const albumsOf = (id: string) =>
  catalogue.albumsOf(id).map((slot) => ({ id: slot.shows === 'album' && slot.albumId }));

const limits = (paths: readonly string[]): string[] =>
  paths.flatMap((path) => new URLSearchParams(path.split('?')[1]).get('limit') ?? []);

describe('the page size limit', () => {
  test('the page size limit is learned from one rejection, for lists of albums and searches together', async () => {
    const gateway = await startWithUnknownApp('development');
    await expectNoError(gateway, listOf(artists.bts));
    await expectNoError(gateway, listOf(artists.albums9));
    await expectNoError(gateway, search('the'));
    await expectNoError(gateway, search('a'));
    expect(limits(gateway.apiCalls())).toEqual(['50', '10', '10', '10', '10']);
    expect(learnedCapabilities(gateway, 'artists/albums')).toEqual([['artists/albums', 10]]);
    expect(learnedCapabilities(gateway, 'search')).toEqual([['search', 10]]);

    const other = await startWithUnknownApp('development');
    await expectNoError(other, search('the'));
    await expectNoError(other, listOf(artists.bts));
    expect(limits(other.apiCalls())).toEqual(['50', '10', '10']);
  });

  test('the page size limit of an app with the largest page size is learned without a rejected call', async () => {
    const gateway = await startWithUnknownApp('extended');
    for (const document of [listOf(artists.bts), listOf(artists.albums9), search('the')])
      await expectNoError(gateway, document);
    expect(limits(gateway.apiCalls())).toEqual(['50', '50', '50']);
    expect(learnedCapabilities(gateway, 'artists/albums')).toEqual([['artists/albums', 50]]);
  });

  test.each([
    ['development', ['10', '10', '50']],
    ['extended', ['50', '50']],
  ] as const)(
    'a search and a list of albums in one operation learn their common page size limit together, in %s mode',
    async (mode, expectedLimits) => {
      const gateway = await startWithUnknownApp(mode);
      await expectNoError(
        gateway,
        `{ artist(id: "${artists.bts}") { albums(first: 1) { totalCount } }
          search(q: "the") { albums(first: 1) { totalCount } tracks(first: 1) { totalCount } } }`,
      );
      expect(limits(gateway.apiCalls()).toSorted()).toEqual(expectedLimits);
    },
  );

  test('concurrent operations learn the page size limit with one rejected call', async () => {
    const gateway = await startWithUnknownApp('development');
    await Promise.all(allArtistIds.slice(0, 20).map((id) => expectNoError(gateway, listOf(id))));
    const requestedLimits = limits(gateway.apiCalls());
    expect(requestedLimits.filter((limit) => limit !== '10')).toEqual(['50']);
    expect(requestedLimits).toHaveLength(21);
    expect(learnedCapabilities(gateway, 'artists/albums')).toHaveLength(1);
  });

  test('concurrent operations learn the page size limit again after a day, with one rejected call', async () => {
    const clock = startClock();
    const gateway = await startWithUnknownApp('development');
    await expectNoError(gateway, listOf(artists.bts));
    await clock.pass(daySeconds + 1);
    const callsBefore = gateway.apiCalls().length;
    await Promise.all(allArtistIds.slice(0, 20).map((id) => expectNoError(gateway, listOf(id))));
    const requestedLimits = limits(gateway.apiCalls().slice(callsBefore));
    expect(requestedLimits.filter((limit) => limit !== '10')).toEqual(['50']);
  });

  test('the page size limit costs one rejected call also if the client of the first operation disconnects before its call', async () => {
    const limitOfOneCall = { UPSTREAM_CONCURRENCY: '1' };
    const gateway = await startWithUnknownApp('development', limitOfOneCall, { latencyMs: 200 });
    const leaving = new AbortController();
    const [gone = '', before = '', ...others] = allArtistIds;
    const inFlight = expectNoError(gateway, `{ artist(id: "${before}") { name } }`);
    while (gateway.apiCalls().length === 0) await sleep(1);
    const abandoned = gateway.fetch('/graphql', {
      ...postJson({ query: listOf(gone) }),
      signal: leaving.signal,
    });
    await waitForIdleLoop();
    const waiting = others.slice(0, 5).map((id) => expectNoError(gateway, listOf(id)));
    await waitForIdleLoop();
    leaving.abort();
    await Promise.all([inFlight, abandoned.catch(() => undefined), ...waiting]);
    expect(limits(gateway.apiCalls()).filter((limit) => limit !== '10')).toEqual(['50']);
  });

  test.each(stores)(
    'equal operations of several processes learn the page size limit with one rejected call (%s)',
    async (kind) => {
      const store = await startStore(kind, { SPOTIFY_QUOTA_MODE: 'auto' });
      const processes = [await store.start(), await store.start(), await store.start(), await store.start()];
      await Promise.all(processes.map((gateway) => expectNoError(gateway, listOf(artists.bts))));
      expect(limits(store.apiCalls())).toEqual(['50', '10']);
    },
  );

  test('the page size limit is not learned from the list of an artist that does not exist', async () => {
    const gateway = await startWithUnknownApp('development');
    await expectNoError(gateway, listsOf([unknownId, ...allArtistIds.slice(0, 19)]));
    const listCalls = gateway.sandbox.calls().filter(({ route }) => route === 'artists/albums');
    expect(listCalls.filter(({ status }) => status === 400)).toHaveLength(1);
    expect(learnedCapabilities(gateway, 'artists/albums')).toEqual([['artists/albums', 10]]);
  });

  test('a page size limit that has worked is lowered after rejections of two lists, and every window is complete meanwhile', async () => {
    const gateway = await startWithUnknownApp('extended');
    await expectNoError(gateway, listOf(artists.albums9));
    gateway.sandbox.setQuotaMode('development');
    const window = (id: string) =>
      gateway.execute(`{ artist(id: "${id}") { albums(first: 50) { nodes { id } } } }`);
    const all = (id: string) => withoutErrors({ artist: { albums: { nodes: albumsOf(id).slice(0, 50) } } });
    gateway.sandbox.clearCalls();
    expect(dataAndErrorCodes(await window(artists.bts))).toEqual(all(artists.bts));
    expect(limits(gateway.apiCalls())).toEqual(['50', ...Array(5).fill('10')]);
    gateway.sandbox.clearCalls();
    expect(dataAndErrorCodes(await window(artists.albums50))).toEqual(all(artists.albums50));
    expect(limits(gateway.apiCalls())).toEqual(['50', ...Array(5).fill('10')]);
    gateway.sandbox.clearCalls();
    await expectNoError(gateway, listOf(artists.albums1));
    expect(limits(gateway.apiCalls())).toEqual(['10']);
  });

  test('a page size limit that has worked is tried again a minute after rejections of two lists, once a day while they last', async () => {
    const clock = startClock();
    const gateway = await startWithUnknownApp('extended');
    const limitsOfLists = async (...ids: string[]) => {
      gateway.sandbox.clearCalls();
      for (const id of ids) await expectNoError(gateway, listOf(id));
      return limits(gateway.apiCalls());
    };
    const { albums9, albums10, albums50, albums1, bts } = artists;
    expect(await limitsOfLists(albums9)).toEqual(['50']);
    gateway.sandbox.setQuotaMode('development');
    expect(await limitsOfLists(albums10, albums50, bts)).toEqual(['50', '10', '50', '10', '10']);

    gateway.sandbox.setQuotaMode('extended');
    await clock.pass(61);
    expect(await limitsOfLists(albums1)).toEqual(['50']);
    await clock.pass(2 * 3_600); // the lists are stale

    gateway.sandbox.setQuotaMode('development');
    expect(await limitsOfLists(albums10, albums50, bts)).toEqual(['50', '10', '50', '10', '10']);
    await clock.pass(2 * 3_600);
    expect(await limitsOfLists(albums10, albums50)).toEqual(['50', '10', '10']);
    await clock.pass(2 * 3_600);
    expect(await limitsOfLists(albums10, albums50)).toEqual(['10', '10']);
  });

  test('a list whose pages are smaller than requested does not lower the page size limit of another list', async () => {
    const gateway = await startWithUnknownApp('extended');
    const fault: Fault = { kind: 'ceiling', limit: 7, clamp: true };
    gateway.sandbox.faults.add({ on: { path: `/artists/${artists.bts}/albums` }, fault });
    const document = `{ artist(id: "${artists.bts}") { albums(first: 20) { nodes { id } } } }`;
    const nodes = albumsOf(artists.bts).slice(0, 20);
    expect(dataAndErrorCodes(await gateway.execute(document))).toEqual(
      withoutErrors({ artist: { albums: { nodes } } }),
    );
    await expectNoError(gateway, listOf(artists.albums9));
    expect(limits(gateway.apiCalls())).toEqual(['50', '50', '7', '50']);
  });

  test('a page that reports a size of 1 does not lower the page size limit', async () => {
    const gateway = await startWithUnknownApp('extended');
    const edits = [{ path: 'limit', set: 1 }];
    gateway.sandbox.faults.add({ on: { route: 'artists/albums' }, times: 1, fault: { kind: 'edit', edits } });
    const document = `{ artist(id: "${artists.bts}") { albums(first: 60) { nodes { id } } } }`;
    const nodes = albumsOf(artists.bts).slice(0, 60);
    expect(dataAndErrorCodes(await gateway.execute(document))).toEqual(
      withoutErrors({ artist: { albums: { nodes } } }),
    );
    expect(limits(gateway.apiCalls())).toEqual(['50', '50']);
  });

  test('a list fails with UPSTREAM_BAD_RESPONSE after two calls if Spotify rejects every page size', async () => {
    const gateway = await startWithUnknownApp('extended');
    gateway.sandbox.faults.add({ on: { route: 'artists/albums' }, fault: { kind: 'ceiling', limit: 5 } });
    expect(dataAndErrorCodes(await gateway.execute(listOf(artists.bts)))).toEqual({
      data: { artist: { albums: null } },
      errors: [['artist.albums', 'UPSTREAM_BAD_RESPONSE']],
    });
    expect(limits(gateway.apiCalls())).toEqual(['50', '10']);
  });

  test('a 400 with the message `Invalid offset` does not lower the page size limit, and its call is not tried again', async () => {
    const gateway = await startWithUnknownApp('extended');
    const fault: Fault = {
      kind: 'answer',
      status: 400,
      json: { error: { status: 400, message: 'Invalid offset' } },
    };
    gateway.sandbox.faults.add({ on: { route: 'artists/albums' }, times: 1, fault });
    const { errors } = await gateway.execute(listOf(artists.bts));
    expect(errors[0]?.extensions).toEqual({ code: 'UPSTREAM_BAD_RESPONSE' });
    await expectNoError(gateway, listOf(artists.albums9));
    expect(limits(gateway.apiCalls())).toEqual(['50', '50']);
  });

  test('one rejection without a message lowers the page size limit for its window, rejections of two lists for all lists', async () => {
    const gateway = await startWithUnknownApp('extended');
    const rejected = { route: 'artists/albums', pattern: 'limit=50' };
    gateway.sandbox.faults.add({ on: rejected, fault: { kind: 'answer', status: 400 } });
    for (const id of [artists.bts, artists.albums9, artists.albums10])
      await expectNoError(gateway, listOf(id));
    expect(limits(gateway.apiCalls())).toEqual(['50', '10', '50', '10', '10']);
  });

  test.each(['browse/new-releases', 'browse/categories'])(
    'a page size limit of %s that has worked is lowered after two rejected reads, although there is no other such list',
    async (of) => {
      const clock = startClock();
      const list = { of, slots: [1, 2, 3], ceiling: 50, manner: 'refuse' as const };
      const { page, requests } = testList(list, { mode: 'extended', freshMs: 1_000 });
      const limitsOfRead = async () => {
        await clock.pass(61);
        requests.length = 0;
        expect((await page({ first: 3 })).ids).toEqual(list.slots);
        return requests.map(({ limit }) => limit);
      };
      expect(await limitsOfRead()).toEqual([50]);
      list.ceiling = 10;
      expect(await limitsOfRead()).toEqual([50, 20, 10]);
      expect(await limitsOfRead()).toEqual([50, 20, 10]);
      expect(await limitsOfRead(), 'a minute later, once').toEqual([50, 20, 10]);
      expect(await limitsOfRead()).toEqual([10]);
      expect(await limitsOfRead()).toEqual([10]);
    },
  );

  test('rejections of one list without an owner within a minute do not lower the page size limit, as one fault may be their cause', async () => {
    const clock = startClock();
    const capabilities = createCapabilities('extended', silentLog);
    const endpoint = 'browse/new-releases';
    async function reject(limit: number): Promise<number> {
      const call = () => Promise.reject(new LimitRejected({ isExplicit: true }));
      const page = capabilities.withPageSize(endpoint, limit, 'new releases', call, () => false);
      await expect(page).rejects.toBeInstanceOf(SmallerPageNeeded);
      capabilities.recordSuccess(); // of a call elsewhere
      return capabilities.maxPageSize(endpoint);
    }
    for (const limit of [50, 50, 20]) expect(await reject(limit)).toBe(50);
    await clock.pass(61);
    expect(await reject(50)).toBe(20);
  });
});
