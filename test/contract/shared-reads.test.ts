import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { artists, catalogue, fine, seen } from '../support/asking.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { hasRedis, startRedis } from '../support/redis.ts';

/** All gateways on one store read each key from Spotify once, and a restart costs no call. */

const document = `{ artist(id: "${artists.albums50}") { name albums(first: 20) { nodes { name artists { name } } } } }`;
const callsOfOne = [
  `/artists/${artists.albums50}`,
  `/artists/${artists.albums50}/albums?limit=10&offset=0`,
  `/artists/${artists.albums50}/albums?limit=10&offset=10`,
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
