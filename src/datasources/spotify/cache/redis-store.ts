import { gzipSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { epochMs } from '../../../observability/clock.ts';
import type { RedisClient } from '../shared-state/redis-client.ts';
import { acceptLanguage } from '../transport/api-client.ts';
import { readBody } from '../transport/body.ts';
import { unpack } from '../transport/fetch.ts';

/** A response of Spotify as the processes of an app share it: its JSON, which whoever reads it decodes again. */
export interface StoredEntry {
  /** What `EndpointRequest.decode` reads; null: Spotify says that there is no such thing. */
  body: unknown;
  etag: string | null;
  /** When Spotify gave or confirmed it, in milliseconds of the epoch, as the other times. */
  asOfMs: number;
  freshUntilMs: number;
  usableUntilMs: number;
  /** Whether parts of the response were malformed when it was read from Spotify. */
  hasMalformedParts: boolean;
  /** See `Entry.isRepeated`. */
  isRepeated: boolean;
}

/** An entry that was read, in which nothing but the outline is checked, and its size in bytes. */
export type ReadEntry = StoredEntry & { bytes: number };

/** Redis is as untrusted as Spotify: a value that cannot be read, for whatever reason, is a miss of its own key. */
export interface Store {
  /** One entry for each key, undefined where there is none. */
  get(keys: readonly string[]): Promise<(ReadEntry | undefined)[]>;
  set(key: string, entry: StoredEntry): void;
  delete(key: string): void;
}

const version = 4; // of the outline of an entry
const plainBytes = 1_000; // a longer text is compressed: to an eighth, in some 50 µs
const maxTextBytes = 1_000_000; // five times a page of 50 tracks with their albums
const maxPackedBytes = 200_000;
const etagPattern = /^[\x21-\x7e]{1,200}$/; // it is sent to Spotify as a header

/** @param app names the app whose responses they are: what one app is given, another may not be */
export function createStore(redis: RedisClient, app: string): Store {
  const nameOf = (key: string) => `spotify-graphql:${version}:${app}:${acceptLanguage}:${key}`;

  return {
    async get(keys) {
      const values = await redis.run((connection) =>
        Promise.all(keys.map((key) => readValue(connection, nameOf(key)))),
      );
      return keys.map((key, i) => entryIn(values?.[i] ?? null, key));
    },
    set(key, entry) {
      const lifeMs = Math.floor(entry.usableUntilMs - epochMs());
      const value = valueFor(key, entry);
      if (lifeMs <= 0 || value === null) return;
      void redis.run((connection) => connection.set(nameOf(key), value, 'PX', lifeMs));
    },
    delete: (key) => void redis.run((connection) => connection.del(nameOf(key))),
  };
}

/** No more of a value than the longest may have, and one byte. */
async function readValue(connection: Redis, name: string): Promise<Buffer | null> {
  try {
    return await connection.getrangeBuffer(name, 0, maxPackedBytes);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return null; // of this key alone
    throw error;
  }
}

/** The entry with its key, so that the value of another key is not taken for it; null where it is too long. */
function valueFor(key: string, entry: StoredEntry): Buffer | null {
  const text = Buffer.from(JSON.stringify({ key, ...entry }));
  const value = text.byteLength < plainBytes ? text : gzipSync(text, { level: 1 });
  return text.byteLength > maxTextBytes || value.byteLength > maxPackedBytes ? null : value;
}

function entryIn(value: Buffer | null, key: string): ReadEntry | undefined {
  if (value === null || value.byteLength === 0 || value.byteLength > maxPackedBytes) return undefined;
  const text = value[0] === '{'.charCodeAt(0) ? value : unpackedOrNull(value);
  const read = text && readBody(text);
  if (!read) return undefined;
  const json = (read.json ?? {}) as Json;
  const { key: ownKey, body, etag, asOfMs, freshUntilMs, usableUntilMs } = json;
  const times = [asOfMs, freshUntilMs, usableUntilMs];
  if (ownKey !== key || body === undefined || !times.every(Number.isFinite)) return undefined;
  return {
    body,
    etag: typeof etag === 'string' && etagPattern.test(etag) ? etag : null,
    asOfMs: asOfMs as number,
    freshUntilMs: freshUntilMs as number,
    usableUntilMs: usableUntilMs as number,
    hasMalformedParts: json.hasMalformedParts === true,
    isRepeated: json.isRepeated === true,
    bytes: read.bytes,
  };
}

type Json = Partial<Record<keyof StoredEntry | 'key', unknown>>;

function unpackedOrNull(value: Buffer): Buffer | null {
  try {
    return unpack(value, maxTextBytes);
  } catch {
    return null; // zlib tells in this way that it is not gzip
  }
}
