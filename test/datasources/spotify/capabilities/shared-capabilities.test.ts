import { beforeAll, describe, expect, test } from 'vitest';
import { createCapabilities } from '../../../../src/datasources/spotify/capabilities/capabilities.ts';
import { SmallerPageNeeded } from '../../../../src/datasources/spotify/capabilities/page-sizes.ts';
import type { QuotaMode } from '../../../../src/datasources/spotify/capabilities/policy.ts';
import {
  FeatureWithheld,
  LimitRejected,
} from '../../../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import { pass } from '../../../support/clock.ts';
import { createFakeSharedStore } from '../../../support/fake-shared-store.ts';
import {
  albums,
  artists,
  catalogue,
  expectNoError,
  jsonList,
  learnedCapabilities,
  modes,
  playlists,
  startInMode,
  tracks,
} from '../../../support/schema-tests.ts';
import { silentLog } from '../../../support/silent-log.ts';

/** The gateway learns the capabilities of an app from Spotify's responses, once and with as few calls as possible. */

const dayMs = 24 * 3_600_000;

// The sandbox generates its tracks at the first search, and so blocks the event loop until gateways shed requests.
beforeAll(() => void catalogue.find('track', 'the'));

describe('a capability that other processes have learned', () => {
  function start(mode: QuotaMode) {
    const published: [topic: string, message: object][] = [];
    let listener: (topic: string, message: unknown) => void = () => undefined;
    const capabilities = createCapabilities(mode, silentLog, {
      publish: (topic, message) => void published.push([topic, message]),
      subscribe: (subscribed) => {
        listener = subscribed;
      },
    });
    const receive = (topic: string, message: unknown) => listener(topic, message);
    return { capabilities, published, receive };
  }
  const soon = () => epochMs() + 1_000;

  test('a process uses a newer capability that another process has learned, and ignores an older capability', () => {
    const { capabilities, receive } = start('auto');
    expect([capabilities.has('batch'), capabilities.maxPageSize('search')]).toEqual([null, 50]);
    receive('ability:batch', { value: false, learnedAtMs: soon() });
    receive('ability:search', { value: 10, learnedAtMs: soon() });
    expect([capabilities.has('batch'), capabilities.maxPageSize('search')]).toEqual([false, 10]);
    expect(capabilities.worstCasePage('search')).toEqual({ limit: 10, probeCalls: 0 });
    receive('ability:artists/albums', { value: 10, confirmed: false, learnedAtMs: soon() });
    expect(capabilities.worstCasePage('artists/albums')).toEqual({ limit: 10, probeCalls: 0 });
    expect(capabilities.values()).toEqual({ batch: false, search: 10, 'artists/albums': 10 });
    receive('ability:batch', { value: true, learnedAtMs: soon() - 60_000 });
    expect(capabilities.has('batch')).toBe(false);
  });

  test('a process sends no call for a feature that another process has found missing since the read began', async () => {
    const { capabilities, receive } = start('auto');
    const calls: string[] = [];
    const call = async () => void calls.push('a call');
    const read = async () => {
      receive('ability:artists/top-tracks', { value: false, learnedAtMs: soon() });
      await capabilities.learnFeature('artists/top-tracks', 'an artist', call, () => true);
      return 'top tracks';
    };
    expect(await capabilities.nullIfMissing('artists/top-tracks', 'an artist', read)).toBeNull();
    expect(calls).toEqual([]);
  });

  test('a process ignores an invalid message about a capability', () => {
    const { capabilities, receive } = start('extended');
    for (const [topic, message] of [
      ['ability:batch', { value: 10, learnedAtMs: soon() }],
      ['ability:batch', { value: false, learnedAtMs: 'now' }],
      ['ability:batch', null],
      ['ability:search', { value: false, learnedAtMs: soon() }],
      ['ability:everything', { value: false, learnedAtMs: soon() }],
      ['ability', { value: false, learnedAtMs: soon() }],
      ['back-off:batch', { value: false, learnedAtMs: soon() }],
    ] as const)
      receive(topic, message);
    expect([capabilities.has('batch'), capabilities.maxPageSize('search')]).toEqual([true, 50]);
  });

  test('a capability of another process is forgotten and not reported after a day, also if the clock of that process is ahead', async () => {
    const { capabilities, receive } = start('auto');
    receive('ability:batch', { value: false, learnedAtMs: soon() + 10 * dayMs });
    expect([capabilities.has('batch'), capabilities.values()]).toEqual([false, { batch: false }]);
    await pass(dayMs + 1);
    expect([capabilities.has('batch'), capabilities.values()]).toEqual([null, {}]);
  });

  test('development mode stays known after a day, until a response shows the contrary', async () => {
    const { capabilities } = start('development');
    await pass(dayMs + 1);
    expect([capabilities.has('batch'), capabilities.isDevelopmentMode()]).toEqual([null, true]);
    await capabilities.learnFeature(
      'batch',
      'two albums',
      async () => 'a batch',
      () => true,
    );
    expect([capabilities.has('batch'), capabilities.isDevelopmentMode()]).toEqual([true, false]);
  });

  test('a capability that one process resets is unknown in all processes, also in processes that start later', async () => {
    const store = createFakeSharedStore();
    const startProcess = () => createCapabilities('auto', silentLog, store.connect());
    const [one, another] = [startProcess(), startProcess()];
    await one.nullIfMissing('batch', 'two albums', () =>
      Promise.reject(new FeatureWithheld({ isExplicit: true })),
    );
    expect([one.has('batch'), another.has('batch'), startProcess().has('batch')]).toEqual([
      false,
      false,
      null,
    ]);
    await pass(1);
    one.reset('batch');
    const later = startProcess();
    await Promise.resolve(); // the store delivers its messages after a subscription
    expect([one.has('batch'), another.has('batch'), later.has('batch')]).toEqual([null, null, null]);
  });

  test('a capability is published as soon as a response has shown it, and again when another response has confirmed it', async () => {
    const { capabilities, published } = start('auto');
    const page = (limit: number, response: () => Promise<string>) =>
      capabilities.withPageSize('search', limit, 'a list', response, () => true);
    const reject = () => Promise.reject(new LimitRejected({ isExplicit: true }));
    await expect(page(50, reject)).rejects.toBeInstanceOf(SmallerPageNeeded);
    const smallPages = (confirmed: boolean) =>
      expect.objectContaining({ value: 10, confirmed, learnedAtMs: expect.any(Number) });
    expect([
      published,
      capabilities.maxPageSize('search'),
      capabilities.maxPageSize('artists/albums'),
    ]).toEqual([
      [
        ['ability:search', smallPages(false)],
        ['ability:artists/albums', smallPages(false)],
      ],
      10,
      10,
    ]);
    expect(await page(10, async () => 'a page')).toBe('a page');
    expect(published.slice(2)).toEqual([['ability:search', smallPages(true)]]);
    expect(await page(5, async () => 'a smaller page')).toBe('a smaller page');
    expect([published.length, capabilities.maxPageSize('search')]).toEqual([3, 10]);
  });
});

describe('a known capability', () => {
  const everything = `{
    artist(id: "${artists.bts}") { followers { total } topTracks { id } relatedArtists { id } albums(first: 20) { nodes { label } } }
    albums(ids: ${jsonList([albums.tracks1, albums.tracks20])}) { label }
    search(q: "the") { tracks(first: 20) { nodes { popularity artists { popularity } } } }
  }`;

  test.each(modes)(
    'the known capabilities of SPOTIFY_QUOTA_MODE=%s avoid every rejected call',
    async (mode) => {
      const gateway = await startInMode(mode, { MAX_UPSTREAM_CALLS: '200' });
      await expectNoError(gateway, everything);
      const { sandbox } = gateway;
      expect(sandbox.calls().filter(({ status }) => status !== 200)).toEqual([]);
      expect(learnedCapabilities(gateway).filter(([, value]) => value === false)).toEqual([]);
    },
  );

  test.each(modes)(
    'known capabilities are forgotten after a day, and learned again (%s mode)',
    async (mode) => {
      const { execute, sandbox } = await startInMode(mode, { MAX_UPSTREAM_CALLS: '200' });
      expect((await execute(everything)).errors).toEqual([]);
      const other = mode === 'development' ? 'extended' : 'development';
      sandbox.setQuotaMode(other);
      await pass(dayMs + 1);
      sandbox.clearCalls();
      const { data, errors } = await execute<
        { artist: { topTracks: unknown; albums: { nodes: { label: unknown }[] } } },
        object
      >(everything);
      expect(errors).toEqual([]);
      expect([data.artist.topTracks === null, data.artist.albums.nodes[0]?.label === null]).toEqual(
        Array(2).fill(other === 'development'),
      );
      const refused = sandbox.calls().filter(({ status }) => status === 400 || status === 403);
      expect(refused.map(({ route, path }) => (path.includes('?ids=') ? 'batch' : route)).toSorted()).toEqual(
        other === 'extended'
          ? []
          : ['artists/albums', 'artists/related-artists', 'artists/top-tracks', 'batch', 'search'],
      );
    },
  );

  test('batch reads and large pages of an app count in the plan of an operation also after a day', async () => {
    const { execute, sandbox } = await startInMode('extended');
    const idsOf = (objects: readonly { id: string }[], from: number, count: number) =>
      jsonList(objects.slice(from, from + count).map(({ id }) => id));
    const [allArtists, allAlbums] = [catalogue.artists(), catalogue.albums()];
    const inBatches = `{
      one: albums(ids: ${idsOf(allAlbums, 0, 100)}) { name }
      other: albums(ids: ${idsOf(allAlbums, 100, 100)}) { name }
    }`;
    const inLargePages = `{ artists(ids: ${idsOf(allArtists, 0, 20)}) { albums(first: 50) { nodes { name } } } }`;
    for (const aheadMs of [0, dayMs + 1]) {
      await pass(aheadMs);
      for (const [document, plannedCalls] of [
        [inBatches, 2 * 5],
        [inLargePages, 1 + 20],
      ] as const) {
        const { status, errors, extensions } = await execute(document);
        expect([status, errors, extensions.spotify?.plannedCalls]).toEqual([200, [], plannedCalls]);
      }
    }
    expect(sandbox.calls().filter(({ status }) => (status ?? 200) >= 400)).toEqual([]);
  });

  test('withheld fields and lists count no call in the plan also after a day, until a response has them', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    const withheldField = `{ artist(id: "${artists.bts}") { albums(first: 100) { nodes { label } } } }`;
    const allArtists = catalogue.artists();
    const withheldList = `{ artists(ids: ${jsonList(allArtists.map(({ id }) => id))}) { topTracks { id } } }`;
    for (const [aheadMs, probeCallsOfField, probeCallsOfList] of [
      [0, 0, 0],
      [dayMs + 1, 2, 2], // of the page size and of the field; of batch reads and of the list
    ] as const) {
      await pass(aheadMs);
      for (const [document, calls] of [
        [withheldField, 1 + 10 + probeCallsOfField],
        [withheldList, allArtists.length + probeCallsOfList],
      ] as const) {
        const { status, errors, extensions } = await execute(document);
        expect([status, errors, extensions.spotify?.plannedCalls]).toEqual([200, [], calls]);
      }
    }
    // The calls that show it again: for one album, and for the top tracks of one artist.
    expect(apiCalls().filter((path) => /^\/albums\/\w+$|top-tracks/.test(path))).toHaveLength(2);
    sandbox.setQuotaMode('extended');
    await pass(dayMs + 1);
    expect((await execute(`{ album(id: "${albums.tracks1}") { label } }`)).errors).toEqual([]);
    expect((await execute(withheldField)).errors[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX' });
  });

  test.each([
    ['newReleases', '{ newReleases(first: 5) { nodes { name } } }', 0, 1],
    ['categories', '{ categories(first: 5) { nodes { name } } }', 0, 1],
    ['category', '{ category(id: "jazz") { name } }', 0, 1],
    ['two lists', `{ artist(id: "${artists.bts}") { topTracks { name } relatedArtists { name } } }`, 1, 2],
    [
      'two fields',
      `{ track(id: "${tracks.severalArtists}") { artists { followers { total } popularity } } }`,
      1,
      1,
    ],
    [
      'items, whose absence the playlist itself shows',
      `{ playlist(id: "${playlists.items230}") { items(first: 5) { totalCount } } }`,
      1,
      0,
    ],
  ])(
    'a day after Spotify withheld something, the plan has the calls that learn whether it still does: %s',
    async (_, document, calls, retries) => {
      const { execute, apiCalls } = await startInMode('development');
      for (const [aheadMs, expected] of [
        [0, calls],
        [dayMs + 1, calls + retries],
      ] as const) {
        await pass(aheadMs);
        const before = apiCalls().length;
        const { extensions } = await execute(document);
        expect([extensions.spotify?.plannedCalls, apiCalls().length - before]).toEqual([expected, expected]);
      }
    },
  );

  test('a capability that changes is logged once, with its earlier value', async () => {
    const { execute, sandbox, logged } = await startInMode('extended');
    sandbox.setQuotaMode('development');
    for (const id of [albums.tracks1, albums.tracks20]) await execute(`{ album(id: "${id}") { label } }`);
    const learnedLines = () => logged.filter(({ message }) => message.startsWith('learned: '));
    const withheld = (ability: string) => ({
      level: 'info',
      message: `learned: Spotify withholds ${ability} from this app`,
      fields: { ability, value: false, before: true },
    });
    expect(learnedLines()).toEqual([withheld('Album.label'), withheld('Album.popularity')]);
    sandbox.setQuotaMode('extended');
    await execute(`{ album(id: "${albums.tracks50}") { label } }`);
    expect(
      learnedLines()
        .slice(2)
        .map(({ fields }) => fields),
    ).toEqual([
      { ability: 'Album.label', value: true, before: false },
      { ability: 'Album.popularity', value: true, before: false },
    ]);
  });
});
/** After an outage that takes a proven feature for a minute, and many hours without a request for it. */
describe('one rejection hours after an outage takes a capability for a minute only, not for a day', () => {
  const feature = 'batch';

  async function afterOutage(
    end: (capabilities: ReturnType<typeof createCapabilities>, receive: (value: boolean) => void) => void,
  ) {
    const listeners: ((topic: string, message: unknown) => void)[] = [];
    const published: unknown[] = [];
    const capabilities = createCapabilities('extended', silentLog, {
      publish: (_topic, message) => void published.push(message),
      subscribe: (listener) => void listeners.push(listener),
    });
    const reject = (object: string) =>
      capabilities.nullIfMissing(feature, object, () =>
        Promise.reject(new FeatureWithheld({ isExplicit: true })),
      );
    await reject('one pair');
    capabilities.recordSuccess();
    await reject('another pair');
    expect(capabilities.has(feature)).toBe(false);
    await pass(61_000);
    end(capabilities, (value) => {
      for (const listener of listeners) listener(`ability:${feature}`, { value, learnedAtMs: epochMs() });
    });
    await pass(5 * 3_600_000);
    published.length = 0;
    capabilities.recordSuccess();
    await reject('a third pair');
    await pass(61_000);
    return { value: capabilities.has(feature), published };
  }

  test('when another process has seen the end of the outage', async () => {
    expect(await afterOutage((_, receive) => receive(true))).toEqual({ value: true, published: [] });
  });

  test('when the gateway has found another cause of the rejections', async () => {
    expect(await afterOutage(({ reset }) => reset(feature))).toEqual({ value: null, published: [] });
  });

  test('when nothing was requested since the outage', async () => {
    expect(await afterOutage(() => undefined)).toEqual({ value: null, published: [] });
  });
});
