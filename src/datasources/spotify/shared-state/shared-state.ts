import { randomUUID } from 'node:crypto';
import type { RedisClient } from './redis-client.ts';

/**
 * What the processes of one app tell each other about Spotify, and what a new one is told at its start:
 * until when it asked for silence, what the app may do, and how many calls were made.
 */
export interface SharedState {
  /** Tells all processes, this one too, and whoever starts later. */
  publish(topic: string, message: object): void;
  /** Calls back with every fact that is told, and with all that were told before. */
  subscribe(listener: (topic: string, message: unknown) => void): void;
  /** Resolves when what was told before this process started has been heard. */
  whenSynced(): Promise<void>;
  /**
   * Counts one call against a ceiling that all processes share.
   * @returns milliseconds until there is a place; 0 when the call was counted, or Redis does not say
   */
  reserveCall(limit: number, windowMs: number): Promise<number>;
}

const maxTopicChars = 200;
const maxFactChars = 2_000; // the largest is a limit with its time
const maxFacts = 1_000; // of one app: one for each ability and each family of endpoints
const rememberMs = 48 * 3_600_000; // twice as long as anything told is true

// A sorted set of the calls by their time, so that the window rolls: no two halves of it add up to more.
const spendScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], now, time[1] .. '.' .. time[2] .. '.' .. ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 0
end
return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] + ARGV[2] - now`;

// What is longer than anything we tell is left in Redis.
const factsScript = `
local facts = {}
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then return facts end
for _, topic in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #topic <= tonumber(ARGV[2]) and redis.call('HSTRLEN', KEYS[1], topic) <= tonumber(ARGV[3]) then
    table.insert(facts, topic)
    table.insert(facts, redis.call('HGET', KEYS[1], topic))
  end
end
return facts`;

/**
 * Redis is untrusted: what is too long, or is no JSON, is not passed on, and every listener checks the facts that it hears.
 * @param app names the app that the shared state is about
 */
export function createSharedState(redis: RedisClient, app: string): SharedState {
  const name = (what: string) => `spotify-graphql:1:${app}:${what}`;
  const listeners = new Set<(topic: string, fact: unknown) => void>();
  const self = randomUUID();
  let calls = 0;

  function notify(topic: string, text: string): void {
    const fact = topic.length > maxTopicChars || text.length > maxFactChars ? undefined : parse(text);
    if (fact !== undefined) for (const listener of listeners) listener(topic, fact);
  }

  redis.subscribe(
    name('news'),
    (message) => {
      const space = message.indexOf(' ');
      if (space !== -1) notify(message.slice(0, space), message.slice(space + 1));
    },
    async () => {
      const facts = await redis.run((connection) =>
        connection.eval(factsScript, 1, name('facts'), maxFacts, maxTopicChars, maxFactChars),
      );
      if (!Array.isArray(facts)) return;
      for (let i = 0; i < facts.length; i += 2) notify(String(facts[i]), String(facts[i + 1]));
    },
  );

  return {
    publish(topic, message) {
      const text = JSON.stringify(message);
      void redis.run((connection) =>
        connection
          .multi()
          .hset(name('facts'), topic, text)
          .pexpire(name('facts'), rememberMs)
          .publish(name('news'), `${topic} ${text}`)
          .exec(),
      );
    },
    subscribe: (listener) => void listeners.add(listener),
    whenSynced: redis.whenSynced,
    async reserveCall(limit, windowMs) {
      calls += 1;
      const member = `${self}.${calls}`; // two calls of one microsecond are still two
      const waitMs = await redis.run((connection) =>
        connection.eval(spendScript, 1, name('calls'), limit, windowMs, member),
      );
      const wait = Number(waitMs ?? 0);
      return wait > 0 ? Math.min(wait, windowMs) : 0; // other members of the set may have any time
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not ours; it tells nothing
  }
}
