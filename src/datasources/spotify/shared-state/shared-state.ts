import { randomUUID } from 'node:crypto';
import type { RedisClient } from './redis-client.ts';

/**
 * The state that the processes of one app share: back-offs, learned capabilities and the number of calls. Each topic
 * has one message, its latest, which a process gets also if it starts later.
 */
export interface SharedState {
  /** Sends a message to all processes, this one too, and stores it for later ones. */
  publish(topic: string, message: object): void;
  /** Calls back with every message, and with the stored ones. Messages are untrusted: the listener checks them. */
  subscribe(listener: (topic: string, message: unknown) => void): void;
  /** Resolves when the stored messages have been delivered, or Redis does not respond. */
  whenSynced(): Promise<void>;
  /**
   * Counts one call against a limit that all processes share.
   * @returns milliseconds until a call is allowed; 0 if the call was counted, or Redis does not respond
   */
  reserveCall(limit: number, windowMs: number): Promise<number>;
}

const maxTopicChars = 200;
const maxMessageChars = 2_000; // the longest is a page size limit with its time
const maxTopics = 1_000; // of one app: one for each capability and each endpoint family
const storeMs = 48 * 3_600_000; // twice as long as any message is valid

// A sorted set of the calls by their time: a rolling window.
const reserveScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], now, time[1] .. '.' .. time[2] .. '.' .. ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 0
end
return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] + ARGV[2] - now`;

// Entries that are longer than any message of a gateway stay in Redis.
const storedMessagesScript = `
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
 * Redis is untrusted: messages that are too long or not JSON are not delivered.
 * @param app the app to which the state belongs
 */
export function createSharedState(redis: RedisClient, app: string): SharedState {
  const name = (suffix: string) => `spotify-graphql:1:${app}:${suffix}`;
  const listeners = new Set<(topic: string, message: unknown) => void>();
  const processId = randomUUID();
  let calls = 0;

  function notify(topic: string, text: string): void {
    const isTooLong = topic.length > maxTopicChars || text.length > maxMessageChars;
    const message = isTooLong ? undefined : parse(text);
    if (message !== undefined) for (const listener of listeners) listener(topic, message);
  }

  redis.subscribe(
    name('news'),
    (message) => {
      const space = message.indexOf(' ');
      if (space !== -1) notify(message.slice(0, space), message.slice(space + 1));
    },
    async () => {
      const stored = await redis.run((connection) =>
        connection.eval(storedMessagesScript, 1, name('facts'), maxTopics, maxTopicChars, maxMessageChars),
      );
      if (!Array.isArray(stored)) return;
      for (let i = 0; i < stored.length; i += 2) notify(String(stored[i]), String(stored[i + 1]));
    },
  );

  return {
    publish(topic, message) {
      const text = JSON.stringify(message);
      void redis.run((connection) =>
        connection
          .multi()
          .hset(name('facts'), topic, text)
          .pexpire(name('facts'), storeMs)
          .publish(name('news'), `${topic} ${text}`)
          .exec(),
      );
    },
    subscribe: (listener) => void listeners.add(listener),
    whenSynced: redis.whenSynced,
    async reserveCall(limit, windowMs) {
      calls += 1;
      const member = `${processId}.${calls}`; // two calls of one microsecond are still two
      const result = await redis.run((connection) =>
        connection.eval(reserveScript, 1, name('calls'), limit, windowMs, member),
      );
      const waitMs = Number(result ?? 0);
      return waitMs > 0 ? Math.min(waitMs, windowMs) : 0; // untrusted: members of the set may have any time
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not a message of a gateway
  }
}
