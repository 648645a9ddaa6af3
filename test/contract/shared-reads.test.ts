import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { albums, artists, catalogue, fine, seen } from '../support/asking.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { hasRedis, startRedis } from '../support/redis.ts';

/** All gateways on one store read each key from Spotify once, and a restart costs no call. */

const document = `{ artist(id: "${artists.albums50}") { name albums(first: 20) { nodes { name artists { name } } } } }`;
const callsOfOne = [
  `/artists/${artists.albums50}`,
  `/artists/${artists.albums50}/albums?limit=10&offset=0`,
  `/artists/${artists.albums50}/albums?limit=10&offset=10`,
];

/** Objects that were sent inside another response only. */
interface Found {
  id: string;
  artists: { id: string }[];
  album?: { id: string };
}
const albumFields = 'name totalTracks releaseDate { date } artists { id name }';
const trackFields = 'name trackNumber durationMs artists { id name } album { id }';
const searched = JSON.stringify(catalogue.tracks()[0]?.name);
const albumPage = `{ artist(id: "${artists.albums50}") { albums(first: 20) { found: nodes { id artists { id } } } } }`;
const albumTracks = `{ album(id: "${albums.severalArtists}") { tracks(first: 5) { found: nodes { id artists { id } } } } }`;
const search = `{ search(q: ${searched}, type: [TRACK]) { tracks(first: 5) { found: nodes { id artists { id } album { id } } } } }`;
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
const stores = ['Redis', 'DATA_DIR'] as const;

/** Connects any number of gateways to one store of its own. */
async function startStore(kind: (typeof stores)[number]) {
  const sandbox = await startSandbox({ quotaMode: 'development', catalogue, latencyMs: 50 });
  onTestFinished(sandbox.close);
  const environment: Record<string, string> = { SPOTIFY_QUOTA_MODE: 'development' };
  if (kind === 'Redis') {
    environment['REDIS_URL'] = (await startRedis()).url;
  } else {
    const directory = mkdtempSync(join(tmpdir(), 'spotify-data-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    environment['DATA_DIR'] = directory;
  }
  const gateways: TestGateway[] = [];
  const start = async (): Promise<TestGateway> => {
    const gateway = startGateway(sandbox, environment);
    gateways.push(gateway);
    await gateway.fetch('/ready');
    await sleep(300); // connects to the store
    return gateway;
  };
  const apiCalls = () =>
    sandbox
      .calls()
      .filter(({ kind }) => kind === 'api')
      .map(({ path }) => path);
  const isSlow = () => gateways.some(({ logged }) => logged.some(({ level }) => level === 'warn'));
  return { start, apiCalls, isSlow };
}

describe.each(stores)('gateways that share %s', { timeout: 60_000 }, (kind) => {
  test.skipIf(kind === 'Redis' && !hasRedis())(
    'cost the calls of one for 100 equal queries each',
    async () => {
      const { result, apiCalls } = await whileStoreIsFast(kind, async ({ start }) => {
        const gateways = await Promise.all(Array.from({ length: 4 }, start));
        return Promise.all(gateways.flatMap(({ ask }) => Array.from({ length: 100 }, () => ask(document))));
      });
      for (const response of result) expect(seen(response)).toEqual(fine(result[0]?.data));
      expect(apiCalls().toSorted()).toEqual(callsOfOne);
    },
  );

  test.skipIf(kind === 'Redis' && !hasRedis())(
    'cost no call after a restart with everything cached',
    async () => {
      const { result, apiCalls } = await whileStoreIsFast(kind, async ({ start }) => {
        const first = await start();
        const before = await first.ask(document);
        await sleep(100);
        await first.gateway.dispose();
        return { before, after: await (await start()).ask(document) };
      });
      expect(seen(result.after)).toEqual(fine(result.before.data));
      expect(apiCalls().toSorted()).toEqual(callsOfOne);
    },
  );

  for (const { part, container, object } of embedded) {
    test.skipIf(kind === 'Redis' && !hasRedis())(
      `serve ${part} that another gateway has read, at no call, also after a restart`,
      async () => {
        const { result, apiCalls } = await whileStoreIsFast(kind, async ({ start, apiCalls: calls }) => {
          const [first, second] = [await start(), await start()];
          const { data } = await first.ask(container);
          const found = Object.values(data as Record<string, { [list: string]: { found: Found[] } }>)
            .flatMap((parent) => Object.values(parent))
            .flatMap((list) => list.found);
          const document = object(found.at(-1) as Found);
          await sleep(100);
          const callsBefore = calls();
          const truth = await first.ask(document);
          await first.gateway.dispose();
          const others = [second, await start()].map(({ ask }) => ask(document));
          return { callsBefore, truth, others: await Promise.all(others) };
        });
        expect(result.truth.errors).toEqual([]);
        for (const other of result.others) expect(seen(other)).toEqual(fine(result.truth.data));
        expect(apiCalls()).toEqual(result.callsBefore);
      },
    );
  }
});

/** Runs a trial again, with a new store, if a busy machine has made the store slow: then each gateway calls by itself. */
async function whileStoreIsFast<T>(
  kind: (typeof stores)[number],
  trial: (store: Awaited<ReturnType<typeof startStore>>) => Promise<T>,
) {
  for (let attempt = 1; ; attempt += 1) {
    const store = await startStore(kind);
    const result = await trial(store);
    if (!store.isSlow() || attempt === 5) return { result, apiCalls: store.apiCalls };
  }
}
