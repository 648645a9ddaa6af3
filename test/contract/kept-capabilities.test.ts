import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { WrittenRule } from '../support/case-format.ts';
import { startClock } from '../support/clock.ts';
import { type GraphQLResult, startGateway } from '../support/gateway.ts';
import {
  fullAlbum,
  fullArtist,
  fullTrack,
  namedObject,
  type PlainKind,
  plainId,
  plainObject,
  plainPage,
  shortArtist,
  shortTrack,
} from '../support/plain-objects.ts';
import { requestedLists } from '../support/scripted-lists.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';
import { limitTestsAtOnce } from '../support/test-end.ts';

limitTestsAtOnce(4);

/** No single rejection and no single wrong object or page makes the gateway drop a capability of the app. */

const modes = ['extended', 'auto'] as const;

async function start(mode: string, rules: readonly WrittenRule[]) {
  const upstream = await startScriptedUpstream(rules);
  const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: mode });
  return {
    execute,
    /** The calls to Spotify since the last use of this function. */
    calls: (() => {
      let returnedCalls = 0;
      return () => {
        const log = upstream.log().slice(returnedCalls);
        returnedCalls += log.length;
        return log;
      };
    })(),
  };
}

const dataOf = ({ data, errors }: GraphQLResult<unknown>) => ({ data, errors });
const withoutErrors = (data: unknown) => ({ data, errors: [] });

const rejections: readonly [name: string, response: Omit<WrittenRule, 'path'>][] = [
  ['403 `Forbidden`', { status: 403, body: { error: { status: 403, message: 'Forbidden' } } }],
  ['403 without a message', { status: 403, body: { error: { status: 403 } } }],
  ['403 with an empty body', { status: 403, raw: '' }],
  ['403 with HTML', { status: 403, raw: '<html>Forbidden</html>' }],
  ['404 `Not Found`', { status: 404, body: { error: { status: 404, message: 'Not Found' } } }],
  ['404 with an empty body', { status: 404, raw: '' }],
  ['410 `Gone`', { status: 410, body: { error: { status: 410, message: 'Gone' } } }],
];
const [forbidden] = rejections;

/** Rejections of a batch that do not state that the app has no batch reads. */
const batchRejections: typeof rejections = [
  ...rejections.filter(([name]) => name === '403 with an empty body' || name === '403 with HTML'),
  ['403 with another message', { status: 403, body: { error: { status: 403, message: 'Access denied' } } }],
  ['403 with a text as `error`', { status: 403, body: { error: 'Forbidden' } }],
];

/** Fields of an artist that only some apps may read. */
const features = [
  { field: 'topTracks(market: DE)', path: '/top-tracks$', body: { tracks: [fullTrack(plainId(101))] } },
  { field: 'relatedArtists', path: '/related-artists$', body: { artists: [fullArtist(plainId(101))] } },
];

describe.each(modes)('a feature that has worked (%s)', (mode) => {
  describe.each(features)('$field', ({ field, path, body }) => {
    const document = (id: string) => `{ artist(id: "${id}") { part: ${field} { id } } }`;
    const expected = withoutErrors({ artist: { part: [{ id: plainId(101) }] } });
    const workingRules: WrittenRule[] = [
      { path, body },
      { path: '^/artists/[^/]+$', echo: 'artist' },
    ];
    const pathOf = (id: string) => `^/artists/${id}${path}`;
    const [one, other, third, fourth, fifth] = [1, 2, 3, 4, 5].map((n) => plainId(40 + n)) as [
      string,
      string,
      string,
      string,
      string,
    ];

    for (const [name, response] of rejections) {
      test(`${mode}: ${field} stays available after one ${name} for one artist, and is not missing for more than a minute in the responses that caches keep`, async () => {
        const clock = startClock();
        const upstream = await startScriptedUpstream([
          { path: pathOf(other), times: 1, ...response },
          ...workingRules,
        ]);
        const gateway = startGateway(upstream, { SPOTIFY_QUOTA_MODE: mode });
        const get = async (id: string) => {
          const httpResponse = await gateway.fetch(`/graphql?query=${encodeURIComponent(document(id))}`);
          const maxAge = Number(/max-age=(\d+)/.exec(httpResponse.headers.get('cache-control') ?? '')?.[1]);
          return { maxAge, ...((await httpResponse.json()) as { data: unknown }) };
        };
        expect((await get(one)).data).toEqual(expected.data);
        const rejected = await get(other);
        const isServed = JSON.stringify(rejected.data) === JSON.stringify(expected.data); // by a retry
        if (!isServed) expect(rejected.maxAge).toBeLessThanOrEqual(60);
        expect(dataOf(await gateway.execute(document(third)))).toEqual(expected);
        await clock.pass(61);
        expect((await get(other)).data).toEqual(expected.data);
      });

      test(`${mode}: ${field} stays available after repeated ${name} for one artist`, async () => {
        const clock = startClock();
        const { execute } = await start(mode, [{ path: pathOf(other), ...response }, ...workingRules]);
        expect(dataOf(await execute(document(one)))).toEqual(expected);
        for (let i = 0; i < 3; i += 1) {
          await execute(document(other));
          await clock.pass(61); // a missing object is cached for a minute
        }
        expect(dataOf(await execute(document(third)))).toEqual(expected);
      });
    }

    test.each(rejections)(
      `${mode}: the stale ${field} of an artist is returned after one %s`,
      async (_, response) => {
        const clock = startClock();
        const { execute } = await start(mode, [
          { path: pathOf(one), body, times: 1 },
          { path: pathOf(one), times: 1, ...response },
          ...workingRules,
        ]);
        expect(dataOf(await execute(document(one)))).toEqual(expected);
        await clock.pass(13 * 3_600); // after the freshness, and the time in which a stale response is returned at once
        expect(dataOf(await execute(document(one)))).toEqual(expected);
      },
    );

    test(`${mode}: ${field} is unavailable after rejections for two artists, and becomes available again`, async () => {
      const clock = startClock();
      const [, response] = forbidden as (typeof rejections)[number];
      const refusals = [other, third].map((id) => ({ path: pathOf(id), ...response }));
      const { execute, calls } = await start(mode, [...refusals, ...workingRules]);
      expect(dataOf(await execute(document(one)))).toEqual(expected);
      await execute(document(other));
      await execute(`{ artist(id: "${plainId(50)}") { name } }`); // a success elsewhere
      await execute(document(third));
      calls();
      expect(dataOf(await execute(document(fourth)))).toEqual(withoutErrors({ artist: { part: null } }));
      expect(calls()).toEqual([`200 /artists/${fourth}`]);
      await clock.pass(61);
      expect(dataOf(await execute(document(fifth)))).toEqual(expected);
    });

    test(`${mode}: ${field} becomes available again a minute after one rejection, also if it was unavailable hours before`, async () => {
      const clock = startClock();
      const [, response] = forbidden as (typeof rejections)[number];
      const refusals = [other, third, fourth].map((id) => ({ path: pathOf(id), ...response }));
      const { execute } = await start(mode, [...refusals, ...workingRules]);
      expect(dataOf(await execute(document(one)))).toEqual(expected);
      await execute(document(other));
      await execute(`{ artist(id: "${plainId(50)}") { name } }`); // a success elsewhere
      await execute(document(third));
      await clock.pass(5 * 3_600); // nobody selects the field
      expect(dataOf(await execute(document(fourth)))).toEqual(withoutErrors({ artist: { part: null } }));
      await clock.pass(61);
      expect(dataOf(await execute(document(fifth)))).toEqual(expected);
    });
  });
});

describe.each(modes)('a list that has no owner (%s)', (mode) => {
  const path = '^/browse/new-releases$';
  const document = '{ newReleases(first: 1) { nodes { id } } }';
  const withheld = withoutErrors({ newReleases: null });
  const call = '/browse/new-releases?limit=50&offset=0';

  const explicit = ['403 `Forbidden`', '404 `Not Found`', '410 `Gone`'];
  const explicitRejections = rejections.filter(([other]) => explicit.includes(other));

  test.each(explicitRejections)(
    `${mode}: a list that has no owner and has worked is read once a minute after two times %s`,
    async (_, response) => {
      const clock = startClock();
      const albums = { albums: plainPage([fullAlbum(plainId(9))]) };
      const { execute, calls } = await start(mode, [
        { path, times: 1, body: albums },
        { path, times: 3, ...response },
        { path, body: albums },
        { path: '^/artists/', echo: 'artist' },
      ]);
      const expected = withoutErrors({ newReleases: { nodes: [{ id: plainId(9) }] } });
      expect(dataOf(await execute(document))).toEqual(expected);
      await clock.pass(20 * 60); // after the freshness, and the time in which a stale response is returned at once
      expect(dataOf(await execute(document))).toEqual(expected); // stale
      await execute(`{ artist(id: "${plainId(50)}") { name } }`); // a success elsewhere
      for (let i = 0; i < 4; i += 1) expect(dataOf(await execute(document))).toEqual(withheld);
      await clock.pass(61);
      for (let i = 0; i < 2; i += 1) expect(dataOf(await execute(document))).toEqual(withheld);
      await clock.pass(61);
      expect(dataOf(await execute(document))).toEqual(expected);
      const statuses = [200, ...Array(3).fill(response.status), 200];
      expect(calls().filter((line) => line.endsWith(call))).toEqual(
        statuses.map((status) => `${status} ${call}`),
      );
    },
  );

  for (const [name, response] of explicitRejections) {
    test(`${mode}: a list that has no owner is read again a minute after one ${name}`, async () => {
      const clock = startClock();
      const albums = { albums: plainPage([fullAlbum(plainId(9))]) };
      const { execute, calls } = await start(mode, [
        { path, times: 1, ...response },
        { path, body: albums },
      ]);
      for (let i = 0; i < 2; i += 1) expect(dataOf(await execute(document))).toEqual(withheld);
      await clock.pass(61);
      expect(dataOf(await execute(document))).toEqual(
        withoutErrors({ newReleases: { nodes: [{ id: plainId(9) }] } }),
      );
      expect(calls()).toEqual([`${response.status} ${call}`, `200 ${call}`]);
    });
  }
});

test.each(features)(
  '$field that has worked stays available after one 403 `Forbidden` for one artist, also if the app is known to be in development mode',
  async ({ field, path, body }) => {
    const [one, other, third] = [41, 42, 43].map(plainId) as [string, string, string];
    const [, response] = forbidden as (typeof rejections)[number];
    const page = (limit: number) => ({ path: '/albums$', query: { limit: `${limit}` } });
    const invalid = { status: 400, body: { error: { status: 400, message: 'Invalid limit' } } };
    const { execute, calls } = await start('auto', [
      { ...page(50), ...invalid },
      { ...page(20), ...invalid },
      { ...page(10), body: plainPage([], { limit: 10, total: 0 }) },
      { path: `^/artists/${other}${path}`, times: 1, ...response },
      { path, body },
      { path: '^/artists/[^/]+$', echo: 'artist' },
    ]);
    const part = (id: string) => execute(`{ artist(id: "${id}") { part: ${field} { id } } }`);
    const expected = withoutErrors({ artist: { part: [{ id: plainId(101) }] } });
    await execute(`{ artist(id: "${one}") { albums { totalCount } } }`);
    expect(dataOf(await part(one))).toEqual(expected);
    expect(dataOf(await part(other))).toEqual(withoutErrors({ artist: { part: null } }));
    calls();
    expect(dataOf(await part(third))).toEqual(expected);
    expect(calls()).toHaveLength(2);
  },
);

test('one rejection of a list without an owner counts once, also if another call succeeds before the window has all its pages', async () => {
  const [, response] = forbidden as (typeof rejections)[number];
  const path = '^/browse/new-releases$';
  const next = 'https://api.spotify.com/v1/next';
  const items = Array.from({ length: 50 }, (_, i) => fullAlbum(plainId(9 + i)));
  const albums = { albums: plainPage(items, { limit: 50, total: 150, next }) };
  const failed = { status: 400, body: { error: { status: 400, message: 'Bad request' } } };
  const { execute, calls } = await start('extended', [
    { path, query: { offset: '50' }, times: 1, ...response },
    { path, query: { offset: '100' }, times: 1, delayMs: 1_000, ...failed },
    { path, echoPage: true, body: albums },
    { path: '^/artists/', echo: 'artist' },
  ]);
  const firstPage = await execute<{ newReleases: { pageInfo: { endCursor: string } } }, object>(
    '{ newReleases(first: 50) { pageInfo { endCursor } } }',
  );
  const { endCursor } = firstPage.data.newReleases.pageInfo;
  const window = (first: number) =>
    execute(`{ newReleases(first: ${first}, after: "${endCursor}") { nodes { id } } }`);
  calls();
  const rejectedWindow = window(100);
  await sleep(200); // for the rejection
  await execute(`{ artist(id: "${plainId(50)}") { name } }`); // a success elsewhere
  expect(dataOf(await rejectedWindow)).toEqual(withoutErrors({ newReleases: null }));
  expect(calls().toSorted()).toEqual([
    `200 /artists/${plainId(50)}`,
    '400 /browse/new-releases?limit=50&offset=100',
    '403 /browse/new-releases?limit=50&offset=50',
  ]);
  expect(dataOf(await window(1))).toEqual(withoutErrors({ newReleases: { nodes: [{ id: plainId(9) }] } }));
  expect(calls()).toEqual(['200 /browse/new-releases?limit=50&offset=50']);
});

test('a list that has no owner is given up for a day once the app is known to be in development mode', async () => {
  const clock = startClock();
  const [, response] = forbidden as (typeof rejections)[number];
  const { execute, calls } = await start('auto', [
    { path: '^/browse/', ...response },
    { path: '^/artists/', body: shortArtist(plainId(1)) },
  ]);
  const document = '{ newReleases(first: 1) { nodes { id } } }';
  await execute(document);
  await execute(`{ artist(id: "${plainId(1)}") { name } }`);
  await clock.pass(61);
  calls();
  const call = '403 /browse/new-releases?limit=50&offset=0';
  const read = async () =>
    expect(dataOf(await execute(document))).toEqual(withoutErrors({ newReleases: null }));
  for (let i = 0; i < 3; i += 1) {
    await read();
    await clock.pass(12 * 3_600 - 60);
  }
  expect(calls()).toEqual([call]);
  await read();
  expect(calls()).toEqual([call]);
});

test.each(modes)(
  'batch reads that have worked are tried again a minute after one rejection, also if they were rejected hours before (%s)',
  async (mode) => {
    const clock = startClock();
    const ids = (from: number) => [from, from + 1].map(plainId);
    const [, response] = forbidden as (typeof rejections)[number];
    const refusals = [20, 30, 40].map((from) => ({
      path: '^/artists$',
      query: { ids: ids(from).join(',') },
      ...response,
    }));
    const { execute, calls } = await start(mode, [...refusals, { path: '^/artists', echo: 'artist' }]);
    const read = async (from: number) =>
      expect(dataOf(await execute(`{ artists(ids: ${JSON.stringify(ids(from))}) { id } }`))).toEqual(
        withoutErrors({ artists: ids(from).map((id) => ({ id })) }),
      );
    for (const from of [10, 20, 30]) await read(from);
    await clock.pass(5 * 3_600); // nobody reads several objects
    await read(40);
    await clock.pass(61);
    calls();
    await read(50);
    expect(calls()).toEqual([`200 /artists?ids=${ids(50).join(',')}`]);
  },
);

describe.concurrent.each(modes)('batch reads (%s)', (mode) => {
  describe.each(['artist', 'album', 'track'] as const)('of %ss', (kind) => {
    const ids = (from: number) => [from, from + 1, from + 2].map(plainId);
    const document = (from: number) => `{ found: ${kind}s(ids: ${JSON.stringify(ids(from))}) { id } }`;
    const expected = (from: number) => withoutErrors({ found: ids(from).map((id) => ({ id })) });
    const batch = (from: number) => `/${kind}s?ids=${ids(from).join(',')}`;
    const workingRules: WrittenRule[] = [
      { path: `^/${kind}s$`, echo: kind },
      { path: `^/${kind}s/[^/]+$`, echo: kind },
    ];

    for (const [name, response] of rejections) {
      test(`${mode}: batch reads of ${kind}s stay available after one ${name}, if a batch read has worked before`, async () => {
        const rejected = { path: `^/${kind}s$`, query: { ids: ids(20).join(',') }, times: 1, ...response };
        const { execute, calls } = await start(mode, [rejected, ...workingRules]);
        expect(dataOf(await execute(document(10)))).toEqual(expected(10));
        await execute(document(20));
        calls();
        expect(dataOf(await execute(document(30)))).toEqual(expected(30));
        expect(calls()).toEqual([`200 ${batch(30)}`]);
      });
    }

    for (const [name, response] of batchRejections) {
      test(`${mode}: after ${name} the ids of a batch of ${kind}s are read one by one, and no third batch is sent`, async () => {
        const { execute, calls } = await start(mode, [{ path: `^/${kind}s$`, ...response }, ...workingRules]);
        const singles = (from: number) => ids(from).map((id) => `200 /${kind}s/${id}`);
        for (const from of [10, 20]) {
          expect(dataOf(await execute(document(from)))).toEqual(expected(from));
          expect(calls()).toEqual([`403 ${batch(from)}`, ...singles(from)]);
        }
        expect(dataOf(await execute(document(30)))).toEqual(expected(30));
        expect(calls()).toEqual(singles(30));
      });
    }

    for (const name of ['403 with an empty body', '403 with HTML', '404 with an empty body']) {
      test(`${mode}: batch reads of ${kind}s stay available after one ${name}, also if no batch read has worked before`, async () => {
        const [, response] = rejections.find(([other]) => other === name) as (typeof rejections)[number];
        const { execute, calls } = await start(mode, [
          { path: `^/${kind}s$`, times: 1, ...response },
          ...workingRules,
        ]);
        await execute(document(10));
        calls();
        expect(dataOf(await execute(document(20)))).toEqual(expected(20));
        expect(calls()).toEqual([`200 ${batch(20)}`]);
      });
    }

    const objects = (count: number) =>
      ids(10)
        .slice(0, count)
        .map((id) => plainObject(kind, id));
    for (const [name, items] of [
      ['one object too few', objects(2)],
      ['no objects', []],
      ['one object too many', [...objects(3), plainObject(kind, plainId(99))]],
      ['an additional null', [...objects(3), null]],
    ] as const) {
      test(`${mode}: a batch of ${kind}s with ${name} is not used, and its ids are read one by one`, async () => {
        const wrongBatch = { path: `^/${kind}s$`, times: 1, body: { [`${kind}s`]: items } };
        const { execute, calls } = await start(mode, [wrongBatch, ...workingRules]);
        expect(dataOf(await execute(document(10)))).toEqual(expected(10));
        expect(calls().toSorted()).toEqual(
          [`200 ${batch(10)}`, ...ids(10).map((id) => `200 /${kind}s/${id}`)].toSorted(),
        );
        expect(dataOf(await execute(document(20)))).toEqual(expected(20));
        expect(calls()).toEqual([`200 ${batch(20)}`]);
      });
    }
  });
});

/** Fields that only full objects have, and the keys that one full object lacks. */
const fields: readonly { kind: PlainKind; field: string; lacks: readonly string[]; value: unknown }[] = [
  { kind: 'artist', field: 'followers { total }', lacks: ['followers'], value: { total: 10 } },
  { kind: 'artist', field: 'followers { total }', lacks: ['followers', 'popularity'], value: { total: 10 } },
  { kind: 'artist', field: 'popularity', lacks: ['followers', 'popularity'], value: 50 },
  { kind: 'artist', field: 'genres', lacks: ['genres'], value: ['pop'] },
  { kind: 'artist', field: 'genres', lacks: ['followers', 'genres', 'popularity'], value: ['pop'] },
  { kind: 'album', field: 'label', lacks: ['label'], value: 'Label' },
  { kind: 'album', field: 'label', lacks: ['label', 'popularity'], value: 'Label' },
  { kind: 'album', field: 'popularity', lacks: ['label', 'popularity'], value: 40 },
  { kind: 'track', field: 'popularity', lacks: ['popularity'], value: 40 },
];

const simplifiedObjects: Record<
  PlainKind,
  { document(field: string): string; pick(data: unknown): unknown }
> = {
  artist: {
    document: (field) => `{ track(id: "${plainId(101)}") { artists { ${field} } } }`,
    pick: (data) => (data as { track: { artists: unknown[] } }).track.artists[0],
  },
  album: {
    document: (field) => `{ track(id: "${plainId(101)}") { album { ${field} } } }`,
    pick: (data) => (data as { track: { album: unknown } }).track.album,
  },
  track: {
    document: (field) => `{ album(id: "${plainId(77)}") { tracks(first: 1) { nodes { ${field} } } } }`,
    pick: (data) => (data as { album: { tracks: { nodes: unknown[] } } }).album.tracks.nodes[0],
  },
};

describe.concurrent.each(modes)('a field that full objects have had (%s)', (mode) => {
  for (const { kind, field, lacks, value } of fields) {
    test(`${mode} ${kind}: the field ${field} stays available after one full object lacks ${lacks.join(', ')}`, async () => {
      const name = field.split(' ')[0] ?? '';
      const [complete, incomplete] = [plainId(65), plainId(66)];
      const lacking = Object.fromEntries(
        Object.entries(plainObject(kind, incomplete)).filter(([key]) => !lacks.includes(key)),
      );
      const { execute } = await start(mode, [
        { path: `^/${kind}s/${incomplete}$`, body: lacking },
        {
          path: `^/albums/${plainId(77)}$`,
          body: { ...fullAlbum(plainId(77)), tracks: plainPage([shortTrack(plainId(78))]) },
        },
        ...(['artist', 'album', 'track'] as const).map((type) => ({ path: `^/${type}s/[^/]+$`, echo: type })),
      ]);
      const single = (id: string) => `{ found: ${kind}(id: "${id}") { ${field} } }`;
      expect(dataOf(await execute(single(complete)))).toEqual(withoutErrors({ found: { [name]: value } }));
      expect(dataOf(await execute(single(incomplete)))).toEqual(withoutErrors({ found: { [name]: null } }));
      const { document, pick } = simplifiedObjects[kind];
      const response = await execute(document(field));
      expect(response.errors).toEqual([]);
      expect(pick(response.data)).toEqual({ [name]: value });
    });
  }
});

const withheldFieldCount = { artist: 3, album: 2, track: 2 };

describe.concurrent.each(modes)('a field that several full objects lack (%s)', (mode) => {
  // Objects that lack all of the fields have the form of development mode.
  test.each(fields.filter(({ kind, lacks }) => lacks.length < withheldFieldCount[kind]))(
    `${mode}: the field $field of a $kind stays available after three full objects lack $lacks alone`,
    async ({ kind, field, lacks, value }) => {
      const ids = [65, 66, 67].map(plainId);
      const lackingRules = ids.map((id) => {
        const sentKeys = Object.entries(plainObject(kind, id)).filter(([key]) => !lacks.includes(key));
        return { path: `^/${kind}s/${id}$`, body: Object.fromEntries(sentKeys) };
      });
      const { execute } = await start(mode, [
        ...lackingRules,
        {
          path: `^/albums/${plainId(77)}$`,
          body: { ...fullAlbum(plainId(77)), tracks: plainPage([shortTrack(plainId(78))]) },
        },
        ...(['artist', 'album', 'track'] as const).map((type) => ({ path: `^/${type}s/[^/]+$`, echo: type })),
      ]);
      for (const id of [plainId(64), ...ids]) await execute(`{ ${kind}(id: "${id}") { ${field} } }`);
      const { document, pick } = simplifiedObjects[kind];
      const response = await execute(document(field));
      expect(pick(response.data)).toEqual({ [field.split(' ')[0] ?? '']: value });
    },
  );
});

test('a field that the app is known to lack is read from a full object that is cached with the field', async () => {
  const [cached, lacking, alsoLacking] = [65, 66, 67].map(plainId) as [string, string, string];
  const trackOf = (artistId: string) => ({
    path: `^/tracks/${artistId}$`,
    body: { ...fullTrack(artistId), artists: [shortArtist(artistId)] },
  });
  const other = plainId(68);
  const { execute, calls } = await start('extended', [
    ...[lacking, alsoLacking].map((id) => ({ path: `^/artists/${id}$`, body: shortArtist(id) })),
    trackOf(cached),
    trackOf(other),
    { path: '^/artists/[^/]+$', echo: 'artist' },
  ]);
  for (const id of [cached, lacking, alsoLacking])
    await execute(`{ artist(id: "${id}") { followers { total } } }`);
  calls();
  const artistOf = (id: string) => `track(id: "${id}") { artists { followers { total } } }`;
  const { data } = await execute(`{ one: ${artistOf(cached)} other: ${artistOf(other)} }`);
  expect(data).toEqual({
    one: { artists: [{ followers: { total: 10 } }] },
    other: { artists: [{ followers: null }] },
  });
  expect(calls().filter((call) => call.includes('/artists/'))).toEqual([]);
});

const playlistWith = (id: string, page: unknown) => ({ ...namedObject('playlist', id), items: page });
const withoutItems = { href: '', total: 3 };

/** A playlist with 130 items, and others whose items Spotify does not send. */
async function startPlaylists(mode: string, others: readonly string[]) {
  const readable = plainId(9);
  const items = Array.from({ length: 130 }, (_, n) => ({
    added_at: null,
    item: fullTrack(plainId(500 + n)),
  }));
  const gateway = await start(mode, [
    {
      path: `^/playlists/${readable}$`,
      body: playlistWith(readable, plainPage(items.slice(0, 100), { limit: 100, total: 130, next: 'next' })),
    },
    {
      path: `^/playlists/${readable}/items$`,
      body: plainPage(items.slice(100), { limit: 50, offset: 100, total: 130 }),
    },
    { path: '^/playlists/[^/]+/items$', status: 403, body: { error: { status: 403, message: 'Forbidden' } } },
    ...others.map((id) => ({ path: `^/playlists/${id}$`, body: playlistWith(id, withoutItems) })),
  ]);
  return { ...gateway, readable };
}

test.each(modes.flatMap((mode) => [0, 25].map((hours) => [mode, hours] as const)))(
  '%s: the items of a playlist stay available after other playlists come without their items, %i hours after they were seen',
  async (mode, hours) => {
    const clock = startClock();
    const others = [11, 12, 13, 14].map(plainId);
    const { execute, readable } = await startPlaylists(mode, others);
    const window = (more: string) =>
      execute(
        `{ playlist(id: "${readable}") { items(first: 100${more}) { totalCount pageInfo { endCursor } } } }`,
      );
    type Found = { playlist: { items: { pageInfo: { endCursor: string } } } };
    const { endCursor } = ((await window('')).data as Found).playlist.items.pageInfo;
    await clock.pass(hours * 3_600);
    for (const [n, id] of others.entries())
      await execute(`{ playlist(id: "${id}") { name ${n % 2 ? 'items { totalCount }' : ''} } }`);
    for (const more of ['', `, after: "${endCursor}"`])
      expect(dataOf(await window(more))).toMatchObject(
        withoutErrors({ playlist: { items: { totalCount: 130 } } }),
      );
  },
);

test.each(modes)(
  '%s: an app that loses the items of all playlists makes no more calls for them after twenty playlists',
  async (mode) => {
    const others = Array.from({ length: 22 }, (_, n) => plainId(11 + n));
    const { execute, calls, readable } = await startPlaylists(mode, others);
    const itemsOf = (id: string | undefined) => execute(`{ playlist(id: "${id}") { items { totalCount } } }`);
    await itemsOf(readable);
    for (const id of others.slice(0, 21)) await itemsOf(id);
    calls();
    expect(dataOf(await itemsOf(others.at(-1)))).toEqual(withoutErrors({ playlist: { items: null } }));
    expect(calls().filter((call) => call.includes('/items'))).toEqual([]);
  },
);

test.each(modes)(
  '%s: an app that loses one field of all artists makes no more calls for the field after twenty artists',
  async (mode) => {
    const ids = Array.from({ length: 21 }, (_, n) => plainId(65 + n));
    const { execute, calls } = await start(mode, [
      ...ids.map((id) => {
        const { followers: _, ...lacking } = fullArtist(id);
        return { path: `^/artists/${id}$`, body: lacking };
      }),
      ...(['artist', 'track'] as const).map((type) => ({ path: `^/${type}s/[^/]+$`, echo: type })),
    ]);
    for (const id of [plainId(64), ...ids]) await execute(`{ artist(id: "${id}") { followers { total } } }`);
    calls();
    const { document, pick } = simplifiedObjects.artist;
    expect(pick((await execute(document('followers { total }'))).data)).toEqual({ followers: null });
    expect(calls()).toEqual([`200 /tracks/${plainId(101)}`]);
  },
);

test.each([
  ['show without a publisher', { publisher: null, episodes: plainPage([]) }, 'show'],
  ['playlist without items', { items: null }, 'playlist'],
])(
  'an app of unknown quota mode keeps the top tracks after a %s and one 403 for one artist',
  async (_, parts, kind) => {
    const [one, other] = [plainId(41), plainId(42)];
    const [, response] = forbidden as (typeof rejections)[number];
    const { execute, calls } = await start('auto', [
      { path: `^/${kind}s/`, body: { id: plainId(7), name: 'Odd', type: kind, ...parts } },
      { path: `^/artists/${one}/top-tracks$`, ...response },
      { path: '/top-tracks$', body: { tracks: [fullTrack(plainId(101))] } },
      { path: '^/artists/[^/]+$', echo: 'artist' },
    ]);
    const topTracks = (id: string) => `{ artist(id: "${id}") { topTracks(market: DE) { id } } }`;
    await execute(`{ ${kind}(id: "${plainId(7)}") { name } }`);
    expect(dataOf(await execute(topTracks(one)))).toEqual(withoutErrors({ artist: { topTracks: null } }));
    calls();
    expect(dataOf(await execute(topTracks(other)))).toEqual(
      withoutErrors({ artist: { topTracks: [{ id: plainId(101) }] } }),
    );
    expect(calls().toSorted()).toEqual([
      `200 /artists/${other}`,
      `200 /artists/${other}/top-tracks?market=DE`,
    ]);
  },
);

test.each(modes)(
  '%s: a field that two full objects have lacked is not missing for more than a minute in the responses that caches keep',
  async (mode) => {
    const clock = startClock();
    const [complete, ...incomplete] = [65, 66, 67].map(plainId) as [string, string, string];
    const { label: _, popularity: __, ...lacking } = fullAlbum(complete); // as in development mode
    const upstream = await startScriptedUpstream([
      ...incomplete.map((id) => ({ path: `^/albums/${id}$`, body: { ...lacking, id } })),
      ...(['album', 'track'] as const).map((type) => ({ path: `^/${type}s/[^/]+$`, echo: type })),
    ]);
    const gateway = startGateway(upstream, { SPOTIFY_QUOTA_MODE: mode });
    for (const id of [complete, ...incomplete]) await gateway.execute(`{ album(id: "${id}") { label } }`);
    const get = async () => {
      const document = simplifiedObjects.album.document('label');
      const response = await gateway.fetch(`/graphql?query=${encodeURIComponent(document)}`);
      const maxAge = Number(/max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1]);
      const { data } = (await response.json()) as { data: unknown };
      return { maxAge, album: simplifiedObjects.album.pick(data) };
    };
    const { maxAge, album } = await get();
    expect(album).toEqual({ label: null });
    expect(maxAge).toBeLessThanOrEqual(60);
    await clock.pass(61);
    expect((await get()).album).toEqual({ label: 'Label' });
  },
);

describe('the page size', () => {
  for (const kind of requestedLists) {
    test(`${kind.name}: the page size is unchanged after one page reports a limit of 1`, async () => {
      const items = [1, 2, 3].map((n) => kind.item(plainId(n)));
      const small = plainPage(items.slice(0, 1), {
        limit: 1,
        total: 3,
        next: 'https://api.spotify.com/v1/next',
      });
      const { execute, calls } = await start('development', [
        { path: kind.path, times: 1, body: kind.wrap(small) },
        { path: '(/albums|/tracks|/search)$', echoPage: true, body: kind.wrap(plainPage(items)) },
        ...kind.others({}),
      ]);
      await execute(kind.document('first: 3'));
      calls();
      const elsewhere = kind
        .document('first: 3')
        .replaceAll('"abc"', '"xyz"')
        .replace(/\(id: "\w+"/, `(id: "${plainId(900_002)}"`);
      const response = await execute(elsewhere);
      expect(response.errors).toEqual([]);
      expect(kind.pick(response.data)?.nodes.map(({ id }) => id)).toEqual([1, 2, 3].map(plainId));
      const limits = calls().flatMap((call) => /limit=(\d+)/.exec(call)?.[1] ?? []);
      expect(limits).toEqual([`${kind.size}`]);
    });
  }
});

describe.concurrent.each(modes)('one 403 with an empty body (%s)', (mode) => {
  const id = plainId(7);
  for (const [name, path, document] of [
    ['an artist', '^/artists/[^/]+$', `{ artist(id: "${id}") { id } }`],
    ['an album', '^/albums/[^/]+$', `{ album(id: "${id}") { id } }`],
    ['a track', '^/tracks/[^/]+$', `{ track(id: "${id}") { id } }`],
    ["an artist's top tracks", '/top-tracks$', `{ artist(id: "${id}") { topTracks(market: DE) { id } } }`],
    ['related artists', '/related-artists$', `{ artist(id: "${id}") { relatedArtists { id } } }`],
    ["an artist's albums", '/albums$', `{ artist(id: "${id}") { albums(first: 1) { nodes { id } } } }`],
    ["an album's tracks", '/tracks$', `{ album(id: "${id}") { tracks(first: 1) { nodes { id } } } }`],
    ['a search', '^/search$', `{ search(q: "abc", type: [TRACK]) { tracks(first: 1) { nodes { id } } } }`],
  ] as const) {
    test(`${mode}: one 403 with an empty body for ${name} is an error or has no effect, and does not affect the next operation`, async () => {
      const rules: WrittenRule[] = [
        ...(['artist', 'album', 'track'] as const).map((type) => ({ path: `^/${type}s/[^/]+$`, echo: type })),
        ...features.map((feature) => ({ path: feature.path, body: feature.body })),
        { path: '/albums$', echoPage: true, body: plainPage([fullAlbum(plainId(9))]) },
        { path: '^/search$', echoPage: true, body: { tracks: plainPage([fullTrack(plainId(9))]) } },
        { path: '/tracks$', echoPage: true, body: plainPage([fullTrack(plainId(9))]) },
      ];
      const truth = await (await start(mode, rules)).execute(document);
      expect(truth.errors).toEqual([]);
      const { execute } = await start(mode, [{ path, times: 1, status: 403, raw: '' }, ...rules]);
      const first = await execute(document);
      if (first.errors.length === 0) expect(first.data).toEqual(truth.data);
      expect(dataOf(await execute(document))).toEqual(dataOf(truth));
    });
  }
});
