import { describe, expect, onTestFinished, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { isFull } from '../support/clock.ts';
import { catalogue } from '../support/operations.ts';
import {
  type Environment,
  limitNow,
  type Server,
  startServer,
  until,
  upstreamOf,
} from '../support/process.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { temporaryFolder } from '../support/shared-stores.ts';

/** Identical requests of all processes on one store share one call (section 4 of the contract). */

const { bts } = catalogue.fixtures.artists;
const query = `{ artist(id: "${bts}") { name topTracks { name } albums(first: 20) { totalCount nodes { name } } } }`;
const processes = isFull ? 8 : 4;
const clients = 100; // of each process

const stores: { store: string; isMissing: boolean; environment: () => Promise<Environment> }[] = [
  {
    store: 'Redis',
    isMissing: !hasRedis(),
    environment: async () => ({ REDIS_URL: (await startRedis()).url }),
  },
  { store: 'DATA_DIR', isMissing: false, environment: async () => ({ DATA_DIR: temporaryFolder() }) },
];

async function startUpstream(delayMs: number): Promise<Sandbox> {
  const sandbox = await startSandbox({ quotaMode: 'development', catalogue });
  onTestFinished(sandbox.close);
  if (delayMs > 0) sandbox.faults.add({ fault: { kind: 'delay', ms: delayMs } });
  return sandbox;
}

const apiCalls = (sandbox: Sandbox) => sandbox.calls().filter(({ kind }) => kind === 'api');

async function startServers(sandbox: Sandbox, count: number, environment: Environment): Promise<Server[]> {
  const servers: Server[] = [];
  for (let i = 0; i < count; i++) {
    const server = await startServer({
      ...upstreamOf(sandbox),
      SPOTIFY_QUOTA_MODE: 'development',
      REQUEST_TIMEOUT_MS: '30000', // the machine may be busy with other tests
      LOG_LEVEL: 'warn',
      ...environment,
    });
    await server.get('/ready'); // it has a token
    servers.push(server);
  }
  return servers;
}

describe.each(stores.filter(({ isMissing }) => !isMissing))(
  'processes on one store: $store',
  ({ environment }) => {
    test(`${processes} processes with ${clients} equal cold queries each send the calls of one query`, {
      timeout: 120_000,
    }, async () => {
      const alone = await startUpstream(0);
      const [single] = await startServers(alone, 1, await environment());
      const expected = await single?.ask(query);
      expect(expected?.json).toMatchObject({ data: { artist: { name: 'BTS' } } });

      const sandbox = await startUpstream(100);
      const servers = await startServers(sandbox, processes, await environment());
      const responses = await Promise.all(
        servers.flatMap((server) => Array.from({ length: clients }, () => server.ask(query))),
      );
      expect(new Set(responses.map(({ text }) => text))).toEqual(new Set([expected?.text]));
      expect(
        apiCalls(sandbox)
          .map(({ path }) => path)
          .sort(),
      ).toEqual(
        apiCalls(alone)
          .map(({ path }) => path)
          .sort(),
      );
    });

    test('when the process that sends a call is killed, there is one more call and a response within 1.5 s', {
      timeout: 120_000,
    }, async () => {
      const sandbox = await startUpstream(0);
      sandbox.faults.add({ times: 1, fault: { kind: 'stall' } }); // the holder gets no response
      const servers = await startServers(sandbox, 3, await environment());
      const [holder, ...waiting] = servers as [Server, ...Server[]];
      const lost = expect(holder.ask(`{ artist(id: "${bts}") { name } }`)).rejects.toThrow();
      await until(() => apiCalls(sandbox).length === 1, 10_000);
      const responses = waiting.map((server) => server.ask(`{ artist(id: "${bts}") { name } }`));
      await new Promise((resolve) => setTimeout(resolve, 300)); // they wait for the lease
      expect(apiCalls(sandbox)).toHaveLength(1);
      const allowedMs = await limitNow(1_500);
      const killedMs = performance.now();
      holder.signal('SIGKILL');
      for (const { json } of await Promise.all(responses))
        expect(json).toEqual({ data: { artist: { name: 'BTS' } } });
      expect(performance.now() - killedMs).toBeLessThan(allowedMs);
      expect(apiCalls(sandbox)).toHaveLength(2);
      await lost;
    });
  },
);
