import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import { type QuotaMode, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { waitForIdleLoop } from './clock.ts';
import { startGateway, type TestGateway } from './gateway.ts';
import { catalogue } from './operations.ts';
import type { TestRedis } from './redis.ts';
import { onTestEnd } from './test-end.ts';

/** Gateways in this process on one Redis. */

export const { artists, albums } = catalogue.fixtures;
export const { bts, albums9, albums50 } = artists;
export const allArtists = catalogue.artists().map(({ id }) => id);
export const artist = (id: string): string => `{ artist(id: "${id}") { name } }`;
export const nameOf = (id: string) => ({ artist: { name: catalogue.artist(id)?.name } });

export const arriveMs = 60; // what is written or told is there for the others by then
const quietMs = 20;
export const restMs = 2_500; // after that a Redis that has failed is asked again

export async function startUpstream(
  mode: QuotaMode = 'development',
  clientId = 'sandbox-client',
): Promise<Sandbox> {
  const sandbox = await startSandbox({ quotaMode: mode, catalogue, clientId });
  onTestEnd(sandbox.close);
  return sandbox;
}

export const apiCalls = (sandbox: Sandbox): string[] =>
  sandbox
    .calls()
    .filter(({ kind }) => kind === 'api')
    .map(({ path }) => path);

/** Waits until a Redis has received all that gateways have sent it. */
export async function untilQuiet({ client }: Pick<TestRedis, 'client'>): Promise<void> {
  for (let before = 0, processed = 2; processed - before > 1; await sleep(quietMs)) {
    before = processed;
    processed = Number(/^total_commands_processed:(\d+)/m.exec(await client.info('stats'))?.[1]);
  }
}

/** A gateway on a Redis, connected. */
export async function join(sandbox: Sandbox, redis: TestRedis, environment: Record<string, string> = {}) {
  const others = await redis.connections();
  const gateway = startGateway(sandbox, {
    REDIS_URL: redis.url,
    SPOTIFY_QUOTA_MODE: 'development',
    ...environment,
  });
  await gateway.fetch('/ready'); // so that the token is there too
  while ((await redis.connections()) < others + 2) await sleep(5); // one to ask, one to listen
  await untilQuiet(redis);
  return gateway;
}

export const codesOf = ({ errors }: Awaited<ReturnType<TestGateway['ask']>>) =>
  errors.map(({ extensions }) => extensions?.['code']);

/** Holds the event loop up without taking a core, which Redis needs to answer meanwhile. */
export const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Asks until it is not turned away for the event loop, which everything here shares. */
export async function patient(ask: () => ReturnType<TestGateway['ask']>) {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    await waitForIdleLoop();
  }
}

/** The name under which a gateway keeps what it tells the others. */
export async function storedMessagesName(sandbox: Sandbox, redis: TestRedis): Promise<string> {
  const gateway = await join(sandbox, redis, { SPOTIFY_QUOTA_MODE: 'auto' });
  await gateway.ask(`{ artists(ids: ["${allArtists[20]}", "${allArtists[21]}"]) { name } }`);
  await gateway.gateway.dispose();
  await sleep(arriveMs);
  const [name = ''] = await redis.client.keys('*:messages');
  expect(name).not.toBe('');
  await redis.client.del(...(await redis.client.keys('*')));
  return name;
}

/** How much Redis has sent to all of its clients. */
export const sentBytes = async (client: Redis): Promise<number> =>
  Number(/^total_net_output_bytes:(\d+)/m.exec(await client.info('stats'))?.[1]);

/** Makes the oldest of the calls that are counted older than they are. */
export async function age(client: Redis, howMany: number, byMs: number): Promise<void> {
  const [name = ''] = await client.keys('*:rate');
  const oldest = await client.zrange(name, 0, howMany - 1);
  expect(oldest).toHaveLength(howMany);
  for (const member of oldest) await client.zincrby(name, -byMs, member);
}
