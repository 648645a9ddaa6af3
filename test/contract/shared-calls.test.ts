import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { isFull } from '../support/clock.ts';
import { apiCalls } from '../support/gateway.ts';
import { catalogue } from '../support/operations.ts';
import {
  type Environment,
  endAfterAll,
  type OnEnd,
  type Server,
  scaledLimit,
  startServer,
  until,
  upstreamOf,
} from '../support/process.ts';
import { hasRedis, startRedisProcess } from '../support/redis.ts';

/** Identical requests of all processes with the same store share one call (section 4 of the contract). */

type Artist = ReturnType<typeof catalogue.artists>[number];
const { bts } = catalogue.fixtures.artists;
const [warmUpArtist, otherArtist] = catalogue.artists().filter(({ id }) => id !== bts) as [Artist, Artist];
const queryOf = (id: string) =>
  `{ artist(id: "${id}") { name topTracks { name } albums(first: 20) { totalCount nodes { name } } } }`;
const processes = isFull ? 8 : 4;
const clients = 100; // of each process
const waitMs = 30_000; // many times the duration of each step that has no limit of its own

const stores: { store: string; isMissing: boolean; environment: (onEnd: OnEnd) => Promise<Environment> }[] = [
  {
    store: 'Redis',
    isMissing: !hasRedis(),
    async environment(onEnd) {
      const redis = await startRedisProcess();
      onEnd(redis.kill);
      return { REDIS_URL: redis.url };
    },
  },
  {
    store: 'DATA_DIR',
    isMissing: false,
    async environment(onEnd) {
      const folder = mkdtempSync(join(tmpdir(), 'store-'));
      onEnd(async () => rmSync(folder, { recursive: true, force: true }));
      return { DATA_DIR: folder };
    },
  },
];

/**
 * Starts a sandbox and processes in front of it, which have a token and have compiled the query for another artist: a
 * process that compiles on a busy machine is blocked for longer than its lease.
 */
async function startServers(onEnd: OnEnd, count: number, environment: Environment) {
  const sandbox = await startSandbox({ quotaMode: 'development', catalogue });
  onEnd(sandbox.close);
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = await startServer(
        {
          ...upstreamOf(sandbox),
          SPOTIFY_QUOTA_MODE: 'development',
          REQUEST_TIMEOUT_MS: '30000', // the machine may be busy with other tests
          UPSTREAM_TIMEOUT_MS: '20000',
          LOG_LEVEL: 'warn',
          ...environment,
        },
        undefined,
        onEnd,
      );
      await server.get('/ready'); // waits for the token
      expect((await server.execute(queryOf(warmUpArtist.id))).status).toBe(200);
      return server;
    }),
  );
  return { sandbox, servers };
}

/** Returns a function that lists the paths of all later calls. */
function watchCalls(sandbox: Sandbox): () => string[] {
  const before = apiCalls(sandbox).length;
  return () => apiCalls(sandbox).slice(before);
}

const onEnd = endAfterAll();

let expected: { text: string; calls: string[] };
beforeAll(async () => {
  const { sandbox, servers } = await startServers(onEnd, 1, { DATA_DIR: 'none' });
  const calls = watchCalls(sandbox);
  const [server] = servers as [Server];
  const { json, text } = await server.execute(queryOf(bts));
  expect(json).toMatchObject({ data: { artist: { name: 'BTS' } } });
  expected = { text, calls: calls().sort() };
}, 120_000);

describe.each(stores.filter(({ isMissing }) => !isMissing))(
  'processes with the same store: $store',
  { timeout: 120_000 },
  ({ environment }) => {
    let sandbox: Sandbox;
    let servers: Server[];
    beforeAll(async () => {
      ({ sandbox, servers } = await startServers(onEnd, processes, await environment(onEnd)));
    }, 120_000);

    test(`${processes} processes with ${clients} equal cold queries each send the calls of one query`, async () => {
      sandbox.faults.add({ fault: { kind: 'delay', ms: 100 } });
      const calls = watchCalls(sandbox);
      const responses = await Promise.all(
        servers.flatMap((server) => Array.from({ length: clients }, () => server.execute(queryOf(bts)))),
      );
      expect(new Set(responses.map(({ text }) => text))).toEqual(new Set([expected.text]));
      expect(calls().sort()).toEqual(expected.calls);
      expect(expected.calls.length).toBeGreaterThan(0);
    });

    test('when the process that sends a call is killed, there is one more call and a response within 1.5 s', async () => {
      sandbox.faults.clear();
      sandbox.faults.add({ times: 1, fault: { kind: 'stall' } }); // the holder gets no response
      const calls = watchCalls(sandbox);
      const { id, name } = otherArtist;
      const query = `{ artist(id: "${id}") { name } }`;
      const [holder, ...waiting] = servers as [Server, ...Server[]];
      const failedRequest = expect(holder.execute(query)).rejects.toThrow();
      await until(() => calls().length === 1, waitMs);
      const responses = waiting.map((server) => server.execute(query));
      await sleep(300); // the other processes wait for the lease
      expect(calls()).toHaveLength(1);
      const allowedMs = await scaledLimit(1_500);
      const killedMs = performance.now();
      holder.signal('SIGKILL');
      for (const { json } of await Promise.all(responses))
        expect(json).toEqual({ data: { artist: { name } } });
      expect(performance.now() - killedMs).toBeLessThan(allowedMs);
      expect(calls()).toHaveLength(2);
      await failedRequest;
    });
  },
);
