import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startClock } from '../support/clock.ts';
import { hasRedis } from '../support/redis.ts';
import { albums, artists, catalogue, dataAndErrorCodes, withoutErrors } from '../support/schema-tests.ts';
import { startStore, stores, whileStoreIsFast } from '../support/shared-gateways.ts';

/** All gateways with the same store read each key from Spotify once, and a restart costs no call. */

const document = `{ artist(id: "${artists.albums50}") { name albums(first: 20) { nodes { name artists { name } } } } }`;
const callsOfOneQuery = [
  `/artists/${artists.albums50}`,
  `/artists/${artists.albums50}/albums?limit=10&offset=0`,
  `/artists/${artists.albums50}/albums?limit=10&offset=10`,
];

/** Objects that were sent only inside another response. */
interface Found {
  id: string;
  artists: { id: string }[];
  album?: { id: string };
}
const albumFields = 'name totalTracks releaseDate { date } artists { id name }';
const trackFields = 'name trackNumber durationMs artists { id name } album { id }';
const searchText = JSON.stringify(catalogue.tracks()[0]?.name);
const albumPage = `{ artist(id: "${artists.albums50}") { albums(first: 20) { found: nodes { id artists { id } } } } }`;
const albumTracks = `{ album(id: "${albums.severalArtists}") { tracks(first: 5) { found: nodes { id artists { id } } } } }`;
const search = `{ search(q: ${searchText}, type: [TRACK]) { tracks(first: 5) { found: nodes { id artists { id } album { id } } } } }`;
const embedded: readonly { part: string; container: string; object(found: Found): string }[] = [
  {
    part: "an album of a page of an artist's albums",
    container: albumPage,
    object: ({ id }) => `{ album(id: "${id}") { ${albumFields} } }`,
  },
  {
    part: 'a track of an album',
    container: albumTracks,
    object: ({ id }) => `{ track(id: "${id}") { ${trackFields} } }`,
  },
  {
    part: 'the second artist of a track of an album',
    container: albumTracks,
    object: ({ artists: [, second] }) => `{ artist(id: "${second?.id}") { name } }`,
  },
  {
    part: 'a track of a search, with the fields of the full object',
    container: search,
    object: ({ id }) => `{ track(id: "${id}") { ${trackFields} externalIds { isrc } } }`,
  },
  {
    part: 'the artist of a track of a search',
    container: search,
    object: ({ artists: [artist] }) => `{ artist(id: "${artist?.id}") { name } }`,
  },
  {
    part: 'the album of a track of a search, by its bare id',
    container: search,
    object: ({ album }) => `{ node(id: "${album?.id}") { ... on Album { ${albumFields} } } }`,
  },
  {
    part: 'three objects of one response',
    container: search,
    object: ({ id, artists: [artist], album }) =>
      `{ track(id: "${id}") { name } artist(id: "${artist?.id}") { name } album(id: "${album?.id}") { name } }`,
  },
];
describe.each(stores)('gateways that share %s', { timeout: 60_000 }, (kind) => {
  test.skipIf(kind === 'Redis' && !hasRedis())(
    'gateways with the same store make the calls of one query for 100 equal queries each',
    async () => {
      const { result, apiCalls } = await whileStoreIsFast(kind, async ({ start }) => {
        const gateways = await Promise.all(Array.from({ length: 4 }, start));
        return Promise.all(
          gateways.flatMap(({ execute }) => Array.from({ length: 100 }, () => execute(document))),
        );
      });
      for (const response of result)
        expect(dataAndErrorCodes(response)).toEqual(withoutErrors(result[0]?.data));
      expect(apiCalls().toSorted()).toEqual(callsOfOneQuery);
    },
  );

  test.skipIf(kind === 'Redis' && !hasRedis())(
    'a gateway makes no call after a restart if the store has all data',
    async () => {
      const { result, apiCalls } = await whileStoreIsFast(kind, async ({ start }) => {
        const first = await start();
        const before = await first.execute(document);
        await sleep(100);
        await first.gateway.dispose();
        return { before, after: await (await start()).execute(document) };
      });
      expect(dataAndErrorCodes(result.after)).toEqual(withoutErrors(result.before.data));
      expect(apiCalls().toSorted()).toEqual(callsOfOneQuery);
    },
  );

  for (const { part, container, object } of embedded) {
    test.skipIf(kind === 'Redis' && !hasRedis())(
      `a gateway serves ${part} that another gateway has read, without a call, also after a restart`,
      async () => {
        const { result, apiCalls } = await whileStoreIsFast(kind, async ({ start, apiCalls: calls }) => {
          const [first, second] = [await start(), await start()];
          const { data } = await first.execute(container);
          const found = Object.values(data as Record<string, { [list: string]: { found: Found[] } }>)
            .flatMap((parent) => Object.values(parent))
            .flatMap((list) => list.found);
          const document = object(found.at(-1) as Found);
          await sleep(100);
          const callsBefore = calls();
          const truth = await first.execute(document);
          await first.gateway.dispose();
          const others = [second, await start()].map(({ execute }) => execute(document));
          return { callsBefore, truth, others: await Promise.all(others) };
        });
        expect(result.truth.errors).toEqual([]);
        for (const other of result.others)
          expect(dataAndErrorCodes(other)).toEqual(withoutErrors(result.truth.data));
        expect(apiCalls()).toEqual(result.callsBefore);
      },
    );
  }

  test.skipIf(kind === 'Redis' && !hasRedis())(
    'the response to a background refresh that a gateway has sent before its end is stored',
    async () => {
      const { pass } = startClock();
      const { start, apiCalls, sandbox } = await startStore(kind, { CACHE_TTL_SECONDS: '100' });
      const album = `{ album(id: "${albums.tracks20}") { name } }`;
      const ending = await start();
      await ending.execute(album);
      await pass(101);
      sandbox.faults.add({ times: 1, fault: { kind: 'delay', ms: 100 } });
      await ending.execute(album); // is served stale
      await expect.poll(() => apiCalls().length).toBe(2);
      await ending.gateway.dispose();
      const later = await start();
      expect((await later.execute(album)).extensions.spotify?.stale).toEqual([]);
      expect(apiCalls()).toHaveLength(2);
    },
  );
});
