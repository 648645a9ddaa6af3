import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Log } from '../../../observability/log.ts';
import * as limits from './call-counters.ts';
import { createLeases, type LeaseCommands, leaseMs } from './leases.ts';
import { createRedisClient } from './redis-client.ts';
import { createRedisMessages } from './redis-messages.ts';
import * as scripts from './redis-scripts.ts';
import { type CallCounters, maxEntryBytes, type SharedStore, storeVersion } from './shared-store.ts';

const checkLeasesEveryMs = 200;

/** @param app names the app to which the data belongs: Spotify sends different data to different apps */
export function createRedisStore(url: string, app: string, log: Log): SharedStore {
  const name = (suffix: string) => `spotify-graphql:${storeVersion}:${app}:${suffix}`;
  const redis = createRedisClient(url, log);
  const messages = createRedisMessages(redis, name('messages'));
  const owner = randomUUID();

  const evaluate: Evaluate = (script, names, ...values) =>
    redis.run((connection) => connection.eval(script, names.length, ...names, ...values));

  const leases = createLeases(leaseCommands(evaluate, name, owner), checkLeasesEveryMs);

  redis.subscribe({
    onMessage: { [name('leases')]: leases.end, [name('messages')]: messages.deliver },
    onResponding: messages.exchange,
  });

  return {
    ...leases,
    async getEntries(keys) {
      const values = await redis.run((connection) =>
        Promise.all(keys.map((key) => readValue(connection, name(`entry:${key}`)))),
      );
      return keys.map((_, i) => values?.[i] ?? null);
    },
    setEntries(entries) {
      void redis.run((connection) =>
        Promise.all(
          entries.map(({ key, value, lifeMs }) =>
            connection.set(name(`entry:${key}`), value, 'PX', Math.ceil(lifeMs)),
          ),
        ),
      );
    },
    publish: messages.publish,
    publishAgain: messages.publishAgain,
    subscribe: messages.subscribe,
    whenSynced: redis.whenSynced,
    async reserveCall(family, { calls: newCalls, counters, ownCounter, oldestBucket, currentBucket, limit }) {
      const result = await evaluate(
        scripts.reserveCallScript,
        [name(`calls:${family}`)],
        ...[ownCounter, oldestBucket, currentBucket, limit ?? -1],
        ...[limits.countersLifeMs, limits.maxCounters, limits.maxCount],
        ...[limits.maxBucketChars, limits.maxProcessChars, newCalls],
        ...Object.entries(counters).flat(),
      );
      return callCounters(result);
    },
    async reserveRate(limit, windowMs) {
      const call = randomUUID(); // equal members of the set would count as one call
      const waitMs = Number(
        (await evaluate(scripts.reserveRateScript, [name('rate')], limit, windowMs, call)) ?? 0,
      );
      return waitMs > 0 ? Math.min(waitMs, windowMs) : 0; // untrusted: members of the set may have any time
    },
    isAvailable: redis.isAvailable,
    async close() {
      messages.close();
      leases.close();
      await redis.close();
    },
  };
}

/** Runs a script; null if Redis does not respond. */
type Evaluate = (
  script: string,
  names: readonly string[],
  ...values: (string | number)[]
) => Promise<unknown>;

function leaseCommands(evaluate: Evaluate, name: (suffix: string) => string, owner: string): LeaseCommands {
  const leaseNames = (keys: readonly string[]) => keys.map((key) => name(`lease:${key}`));
  return {
    acquire: async (keys) =>
      flagsOf(await evaluate(scripts.acquireLeasesScript, leaseNames(keys), owner, leaseMs)),
    haveEnded: async (keys) => flagsOf(await evaluate(scripts.endedLeasesScript, leaseNames(keys), leaseMs)),
    renew: (keys) => void evaluate(scripts.renewLeasesScript, leaseNames(keys), owner, leaseMs),
    release: (key) =>
      void evaluate(scripts.releaseLeaseScript, leaseNames([key]), owner, name('leases'), key),
  };
}

/** The value; null if there is none or it is too long. Of a long value, one byte more than allowed is read. */
async function readValue(connection: Redis, name: string): Promise<Buffer | null> {
  try {
    const value = await connection.getrangeBuffer(name, 0, maxEntryBytes);
    return value.byteLength > 0 && value.byteLength <= maxEntryBytes ? value : null;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return null; // of this key alone
    throw error;
  }
}

const flagsOf = (result: unknown): boolean[] | null =>
  Array.isArray(result) ? result.map((flag) => flag === 1) : null;

function callCounters(result: unknown): CallCounters | null {
  if (!Array.isArray(result)) return null;
  const [isWithinLimit, ...namesAndCounts] = result as unknown[];
  const counters: Record<string, number> = {};
  for (let i = 0; i < namesAndCounts.length; i += 2) {
    const [name, count] = [String(namesAndCounts[i]), Number(namesAndCounts[i + 1])];
    if (limits.isCounter(name, count)) counters[name] = count;
  }
  return { isWithinLimit: isWithinLimit === 1, counters };
}
