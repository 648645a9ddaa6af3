import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Fault, FaultTarget } from '../../../../src/sandbox/index.ts';
import { startClock } from '../../../support/clock.ts';
import {
  albums,
  allArtistIds,
  artists,
  catalogue,
  dataAndErrorCodes,
  expectNoError,
  jsonList,
  learnedCapabilities,
  startInMode,
  startWithUnknownApp,
  tracks,
  unavailableFields,
  withoutErrors,
} from '../../../support/schema-tests.ts';

/** The gateway learns the capabilities of an app from Spotify's responses, once and with as few calls as possible. */

const albumsQuery = (ids: readonly string[]) => `{ albums(ids: ${jsonList(ids)}) { id } }`;

const batchCalls = (paths: readonly string[]): string[] => paths.filter((path) => path.includes('?ids='));

describe('batch reads', () => {
  test.each([403, 404, 410] as const)(
    'batch reads that Spotify has withdrawn with status %i are tried once for the whole app',
    async (status) => {
      const gateway = await startWithUnknownApp('extended');
      gateway.sandbox.faults.add({ on: { batch: true }, fault: { kind: 'withdrawn', status } });
      await expectNoError(gateway, albumsQuery([albums.tracks1, albums.tracks20]));
      await expectNoError(
        gateway,
        `{ tracks(ids: ${jsonList([tracks.explicit, tracks.restricted])}) { id } }`,
      );
      await expectNoError(gateway, `{ artists(ids: ${jsonList(allArtistIds.slice(0, 3))}) { id } }`);
      expect(batchCalls(gateway.apiCalls())).toEqual([`/albums?ids=${albums.tracks1}%2C${albums.tracks20}`]);
      expect(gateway.apiCalls()).toHaveLength(1 + 2 + 2 + 3);
      expect(learnedCapabilities(gateway, 'batch')).toEqual([['batch', false]]);
    },
  );

  test('concurrent operations of an app without batch reads try one batch read, and all responses are complete', async () => {
    const gateway = await startWithUnknownApp('development');
    const pairs = catalogue
      .albums()
      .slice(0, 40)
      .map(({ id }) => id);
    const operations = Array.from({ length: 20 }, (_, i) =>
      gateway.execute(albumsQuery(pairs.slice(2 * i, 2 * i + 2))),
    );
    const responses = await Promise.all(operations);
    expect(responses.map(dataAndErrorCodes)).toEqual(
      responses.map((_, i) => withoutErrors({ albums: pairs.slice(2 * i, 2 * i + 2).map((id) => ({ id })) })),
    );
    expect(batchCalls(gateway.apiCalls())).toHaveLength(1);
    expect(gateway.apiCalls()).toHaveLength(41);
    expect(learnedCapabilities(gateway, 'batch')).toHaveLength(1);
  });

  test('batch reads are not used for one object', async () => {
    const gateway = await startInMode('extended');
    await expectNoError(gateway, albumsQuery([albums.tracks1]));
    await expectNoError(gateway, albumsQuery([albums.tracks1, albums.tracks20]));
    expect(gateway.apiCalls()).toEqual([`/albums/${albums.tracks1}`, `/albums/${albums.tracks20}`]);
  });

  test('batch reads stay in use if Spotify forbids all calls and not only batches', async () => {
    const gateway = await startWithUnknownApp('extended');
    const undo = gateway.sandbox.faults.add({ fault: { kind: 'withdrawn', status: 403 } });
    expect(dataAndErrorCodes(await gateway.execute(albumsQuery([albums.tracks1, albums.tracks20])))).toEqual({
      data: { albums: [null, null] },
      errors: [
        ['albums.0', 'UPSTREAM_FORBIDDEN'],
        ['albums.1', 'UPSTREAM_FORBIDDEN'],
      ],
    });
    undo();
    await expectNoError(gateway, albumsQuery([albums.tracks50, albums.tracks51]));
    expect(batchCalls(gateway.apiCalls())).toHaveLength(2);
    expect(gateway.apiCalls().at(-1)).toBe(`/albums?ids=${albums.tracks50}%2C${albums.tracks51}`);
  });

  test.each([
    ['410', { kind: 'withdrawn', status: 410 }],
    [
      '404 `Service not found`',
      { kind: 'answer', status: 404, json: { error: { status: 404, message: 'Service not found' } } },
    ],
  ] as const)(
    'batch reads stay in use if Spotify responds to all calls with %s and not only to batches',
    async (_, fault) => {
      const gateway = await startWithUnknownApp('extended');
      const undo = gateway.sandbox.faults.add({ fault });
      const response = await gateway.execute(albumsQuery([albums.tracks1, albums.tracks20]));
      expect(response.errors.map(({ path }) => path)).toEqual([
        ['albums', 0],
        ['albums', 1],
      ]);
      undo();
      await expectNoError(gateway, albumsQuery([albums.tracks50, albums.tracks51]));
      expect(gateway.apiCalls().at(-1)).toBe(`/albums?ids=${albums.tracks50}%2C${albums.tracks51}`);
    },
  );

  test('an app that is known to have no batch reads tries none after Spotify has rejected all objects of an operation', async () => {
    const gateway = await startInMode('development');
    const undo = gateway.sandbox.faults.add({ fault: { kind: 'withdrawn', status: 403 } });
    expect((await gateway.execute(albumsQuery([albums.tracks1, albums.tracks20]))).errors).toHaveLength(2);
    undo();
    await expectNoError(gateway, albumsQuery([albums.tracks50, albums.tracks51]));
    expect(batchCalls(gateway.apiCalls())).toEqual([]);
  });

  test.each(['Too many ids requested', 'Invalid base62 id'])(
    'the ids of a batch that Spotify rejects with `%s` are read one by one, and batch reads stay in use',
    async (message) => {
      const gateway = await startWithUnknownApp('extended');
      const fault: Fault = { kind: 'answer', status: 400, json: { error: { status: 400, message } } };
      gateway.sandbox.faults.add({ on: { batch: true }, times: 1, fault });
      gateway.sandbox.faults.add({ on: { path: `/albums/${albums.tracks20}` }, times: 1, fault });
      const document = albumsQuery([albums.tracks1, albums.tracks20, albums.tracks50]);
      expect(dataAndErrorCodes(await gateway.execute(document))).toEqual({
        data: { albums: [{ id: albums.tracks1 }, null, { id: albums.tracks50 }] },
        errors: [['albums.1', 'UPSTREAM_BAD_RESPONSE']],
      });
      const batch = `/albums?ids=${[albums.tracks1, albums.tracks20, albums.tracks50].join('%2C')}`;
      expect(gateway.apiCalls()[0]).toBe(batch);
      expect(gateway.apiCalls()).toHaveLength(1 + 3);
      await expectNoError(gateway, albumsQuery([albums.tracks51, albums.tracks55]));
      expect(batchCalls(gateway.apiCalls())).toHaveLength(2);
    },
  );

  test('a batch read that fails for a reason that concerns all ids fails for all of its objects, and batch reads stay in use', async () => {
    const gateway = await startWithUnknownApp('extended');
    const json = { error: { status: 400, message: 'Invalid market code' } };
    gateway.sandbox.faults.add({
      on: { batch: true },
      times: 1,
      fault: { kind: 'answer', status: 400, json },
    });
    expect(dataAndErrorCodes(await gateway.execute(albumsQuery([albums.tracks1, albums.tracks20])))).toEqual({
      data: { albums: [null, null] },
      errors: [
        ['albums.0', 'BAD_USER_INPUT'],
        ['albums.1', 'BAD_USER_INPUT'],
      ],
    });
    await expectNoError(gateway, albumsQuery([albums.tracks1, albums.tracks20]));
    expect(batchCalls(gateway.apiCalls())).toHaveLength(2);
  });
});

describe('an endpoint that only some apps may use', () => {
  const topTracks = (id: string) => `{ artist(id: "${id}") { topTracks { id } } }`;
  const target: FaultTarget = { route: 'artists/top-tracks' };

  test.each([403, 404, 410] as const)(
    'an endpoint withdrawn with status %i is learned from the calls for two of 20 concurrently requested artists',
    async (status) => {
      const gateway = await startWithUnknownApp('extended');
      gateway.sandbox.faults.add({ on: target, fault: { kind: 'withdrawn', status } });
      const responses = await Promise.all(
        allArtistIds.slice(0, 20).map((id) => gateway.execute(topTracks(id))),
      );
      expect(responses.map(dataAndErrorCodes)).toEqual(
        responses.map(() => withoutErrors({ artist: { topTracks: null } })),
      );
      expect(gateway.apiCalls().filter((path) => path.includes('/top-tracks'))).toHaveLength(2);
      expect(learnedCapabilities(gateway, 'artists/top-tracks')).toEqual([['artists/top-tracks', false]]);
      for (const { extensions } of responses) expect(extensions.spotify?.unavailable).toHaveLength(1);
    },
  );

  const plainNotFound: [string, Fault][] = [
    ['is the text `Not Found`', { kind: 'answer', status: 404, text: 'Not Found\n' }],
    ['has a text as its error', { kind: 'answer', status: 404, json: { error: 'Service not found' } }],
  ];

  test.each(plainNotFound)(
    'an endpoint is learned as withheld from a repeated 404 for two artists that %s',
    async (_, fault) => {
      const gateway = await startWithUnknownApp('extended');
      gateway.sandbox.faults.add({ on: target, fault });
      for (const id of allArtistIds.slice(0, 4)) {
        const response = await gateway.execute(topTracks(id));
        expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ artist: { topTracks: null } }));
        expect(response.extensions.spotify?.unavailable).toHaveLength(1);
      }
      const calls = gateway.apiCalls().filter((path) => path.includes('/top-tracks'));
      expect(new Set(calls).size).toBe(2);
      expect(calls.length).toBeLessThanOrEqual(2 * 3); // each with its retries
      expect(learnedCapabilities(gateway, 'artists/top-tracks')).toEqual([['artists/top-tracks', false]]);
    },
  );

  test.each(plainNotFound)(
    'lists under browse and their objects are withheld, and not absent, after a repeated 404 that %s',
    async (_, fault) => {
      const gateway = await startWithUnknownApp('extended');
      gateway.sandbox.faults.add({ on: { pattern: '^/browse/' }, fault });
      const document = '{ newReleases(first: 1) { nodes { id } } category(id: "party") { name } }';
      const response = await gateway.execute(document);
      expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ newReleases: null, category: null }));
      expect(unavailableFields(response).toSorted()).toEqual([
        'Query.category at category: QUOTA_MODE',
        'Query.newReleases at newReleases: QUOTA_MODE',
      ]);
      const calls = gateway.apiCalls().length;
      await gateway.execute(document);
      expect(gateway.apiCalls()).toHaveLength(calls);
    },
  );

  const empty: Fault = { kind: 'answer', status: 403 };
  const withdrawn: Fault = { kind: 'withdrawn', status: 403 };
  test.each([
    ['the second call', true, withdrawn],
    ['the first call', false, withdrawn],
    ['the second call with an empty body', true, empty],
    ['the first call with an empty body', false, empty],
  ])('an endpoint stays in use for other artists if Spotify rejects %s', async (_, hasWorked, fault) => {
    const gateway = await startWithUnknownApp('extended');
    if (hasWorked) await expectNoError(gateway, topTracks(artists.bts));
    gateway.sandbox.faults.add({ on: target, times: 1, fault });
    await gateway.execute(topTracks(artists.albums9));
    const [track] = catalogue.topTracksOf(artists.albums50);
    const { data } = await gateway.execute<{ artist: { topTracks: unknown[] } }, object>(
      topTracks(artists.albums50),
    );
    expect(data.artist.topTracks[0]).toEqual({ id: track?.id });
  });

  test.each([
    withdrawn,
    { kind: 'answer', status: 404, json: { error: { status: 404, message: 'Not found.' } } },
  ] as const)(
    'an object for which Spotify rejects an endpoint that works for others costs one call a minute: %j',
    async (fault) => {
      const clock = startClock();
      const gateway = await startInMode('extended');
      await expectNoError(gateway, topTracks(artists.bts));
      gateway.sandbox.faults.add({ on: { ...target, path: `/artists/${artists.albums9}/` }, fault });
      const topTrackCalls = () => gateway.apiCalls().filter((path) => path.includes('/top-tracks')).length;
      const fields = ['id', 'name', 'uri']; // other operations, of which no response is cached
      const readRejected = async () => {
        for (const field of fields) {
          const document = `{ artist(id: "${artists.albums9}") { topTracks { ${field} } } }`;
          const response = await gateway.execute(document);
          expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ artist: { topTracks: null } }));
          expect(unavailableFields(response)).toEqual(['Artist.topTracks at artist.topTracks: QUOTA_MODE']);
        }
      };
      await readRejected();
      expect(topTrackCalls()).toBe(2);
      await expectNoError(gateway, topTracks(artists.albums50));
      expect(topTrackCalls()).toBe(3);
      await clock.pass(61);
      await readRejected();
      expect(topTrackCalls()).toBe(4);
    },
  );

  test('an endpoint that has worked is no longer used after two rejections, and is tried again after a minute', async () => {
    const clock = startClock();
    const gateway = await startWithUnknownApp('extended');
    await expectNoError(gateway, topTracks(artists.bts));
    const undo = gateway.sandbox.faults.add({ on: target, fault: withdrawn });
    const read = async (id: string) => {
      gateway.sandbox.clearCalls();
      const { data } = await gateway.execute<{ artist: { topTracks: unknown[] | null } }, object>(
        topTracks(id),
      );
      const calls = gateway.apiCalls().filter((path) => path.includes('/top-tracks'));
      return [data.artist.topTracks !== null, calls.length];
    };
    expect(await read(artists.albums1)).toEqual([false, 1]);
    expect(await read(artists.albums9)).toEqual([false, 1]);
    expect(await read(artists.albums10)).toEqual([false, 0]);
    undo();
    await clock.pass(61);
    expect(await read(artists.albums50)).toEqual([true, 1]);
  });

  test('an endpoint that Spotify withdraws is learned from background refreshes, and its stale responses are served until then', async () => {
    const clock = startClock();
    const gateway = await startWithUnknownApp('extended');
    const topTracksCalls = () => gateway.apiCalls().filter((path) => path.includes('/top-tracks'));
    const read = async (id: string, callCount: number) => {
      gateway.sandbox.clearCalls();
      const { data, extensions } = await gateway.execute<{ artist: { topTracks: unknown[] | null } }, object>(
        topTracks(id),
      );
      await vi.waitFor(() => expect(topTracksCalls()).toHaveLength(callCount), { timeout: 5_000 });
      await sleep(50); // for the response of the background refresh
      return [
        data.artist.topTracks !== null,
        topTracksCalls().length,
        extensions.spotify?.unavailable.length,
      ];
    };
    for (const id of [artists.bts, artists.albums9]) expect(await read(id, 1)).toEqual([true, 1, 0]);
    await clock.pass(6 * 3_600 + 1);
    gateway.sandbox.faults.add({ on: target, fault: withdrawn });
    expect(await read(artists.bts, 1)).toEqual([true, 1, 0]);
    await expectNoError(gateway, `{ artist(id: "${artists.albums50}") { name } }`);
    expect(await read(artists.albums9, 1)).toEqual([true, 1, 0]);
    expect(learnedCapabilities(gateway, 'artists/top-tracks')).toEqual([
      ['artists/top-tracks', true],
      ['artists/top-tracks', false],
    ]);
    expect(await read(artists.bts, 0)).toEqual([false, 0, 1]);
  });

  test('lists and fields that were withheld a day ago are null with a notice while Spotify rejects every call', async () => {
    const clock = startClock();
    const gateway = await startWithUnknownApp('development');
    const document = `{
      artist(id: "${artists.bts}") { topTracks { id } followers { total } }
      search(q: "the", type: [ALBUM]) { albums(first: 1) { nodes { label } } }
      newReleases(first: 1) { nodes { id } }
    }`;
    for (const id of [artists.albums9, artists.albums50]) await expectNoError(gateway, topTracks(id));
    const before = await gateway.execute(document);
    expect(before.errors).toEqual([]);
    expect(unavailableFields(before)).toHaveLength(4);
    await clock.pass(25 * 3_600);
    const undo = gateway.sandbox.faults.add({ fault: { kind: 'rate-limit', retryAfterSeconds: 3_000 } });
    const during = await gateway.execute(document);
    expect(dataAndErrorCodes(during)).toEqual(withoutErrors(before.data));
    expect(unavailableFields(during).toSorted()).toEqual(unavailableFields(before).toSorted());

    // After the back-off, the gateway tries them again.
    undo();
    await clock.pass(3_001);
    gateway.sandbox.clearCalls();
    await expectNoError(gateway, document);
    expect(gateway.apiCalls().filter((path) => path.includes('/new-releases'))).toHaveLength(1);
  });

  test('a 403 with the message `Insufficient client scope` is an error, and no capability is learned from this 403', async () => {
    const gateway = await startWithUnknownApp('extended');
    gateway.sandbox.faults.add({
      on: target,
      times: 1,
      fault: {
        kind: 'answer',
        status: 403,
        json: { error: { status: 403, message: 'Insufficient client scope' } },
      },
    });
    expect(dataAndErrorCodes(await gateway.execute(topTracks(artists.bts)))).toEqual({
      data: { artist: { topTracks: null } },
      errors: [['artist.topTracks', 'UPSTREAM_FORBIDDEN']],
    });
    await expectNoError(gateway, topTracks(artists.bts));
    expect(learnedCapabilities(gateway, 'artists/top-tracks')).toEqual([['artists/top-tracks', true]]);
  });
});
