import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import type { QuotaMode, Sandbox } from '../../src/sandbox/index.ts';
import { catalogue } from './catalogue.ts';
import { startGateway } from './gateway.ts';
import type { TestRedis } from './redis.ts';
import { startUpstream as startSandbox } from './upstream.ts';

/** Gateways in this process that share one Redis. */

export { apiCalls, codesOf } from './gateway.ts';

export const { artists, albums } = catalogue.fixtures;
export const { bts, albums9, albums50 } = artists;
export const allArtists = catalogue.artists().map(({ id }) => id);
export const artist = (id: string): string => `{ artist(id: "${id}") { name } }`;
export const nameOf = (id: string) => ({ artist: { name: catalogue.artist(id)?.name } });

export const propagationMs = 60; // after this time other gateways see entries and messages
const quietMs = 20;
export const redisCooldownMs = 2_500; // after this time gateways use a Redis again that has failed

export const startUpstream = (
  mode: QuotaMode = 'development',
  clientId = 'sandbox-client',
): Promise<Sandbox> => startSandbox({ quotaMode: mode, clientId });

/** Waits until a Redis receives no more commands. */
export async function waitForIdleRedis({ client }: Pick<TestRedis, 'client'>): Promise<void> {
  for (let before = 0, processed = 2; processed - before > 1; await sleep(quietMs)) {
    before = processed;
    processed = Number(/^total_commands_processed:(\d+)/m.exec(await client.info('stats'))?.[1]);
  }
}

/** Starts a gateway that uses the Redis, and waits for its connections. */
export async function startConnectedGateway(
  sandbox: Sandbox,
  redis: TestRedis,
  environment: Record<string, string> = {},
) {
  const connectionsBefore = await redis.connections();
  const gateway = startGateway(sandbox, {
    REDIS_URL: redis.url,
    SPOTIFY_QUOTA_MODE: 'development',
    ...environment,
  });
  await gateway.fetch('/ready'); // fetches the token
  while ((await redis.connections()) < connectionsBefore + 2) await sleep(5); // one for commands, one for messages
  await waitForIdleRedis(redis);
  return gateway;
}

/** Blocks the event loop without using a core, which Redis needs meanwhile. */
export const blockEventLoop = (ms: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** The Redis key in which gateways store their messages. */
export async function storedMessagesName(sandbox: Sandbox, redis: TestRedis): Promise<string> {
  const gateway = await startConnectedGateway(sandbox, redis, { SPOTIFY_QUOTA_MODE: 'auto' });
  await gateway.execute(`{ artists(ids: ["${allArtists[20]}", "${allArtists[21]}"]) { name } }`);
  await gateway.gateway.dispose();
  await sleep(propagationMs);
  const [name = ''] = await redis.client.keys('*:messages');
  expect(name).not.toBe('');
  await redis.client.del(...(await redis.client.keys('*')));
  return name;
}

/** The bytes that Redis has sent to all of its clients. */
export const sentBytes = async (client: Redis): Promise<number> =>
  Number(/^total_net_output_bytes:(\d+)/m.exec(await client.info('stats'))?.[1]);

/** Moves the times of the oldest counted calls into the past. */
export async function backdateCalls(client: Redis, howMany: number, byMs: number): Promise<void> {
  const [name = ''] = await client.keys('*:rate');
  const oldest = await client.zrange(name, 0, howMany - 1);
  expect(oldest).toHaveLength(howMany);
  for (const member of oldest) await client.zincrby(name, -byMs, member);
}
