import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { language } from './call.ts';
import { epochMs } from './clock.ts';
import type { Entry } from './memory.ts';
import type { SharedRedis } from './redis.ts';

/** Answers that all processes of one app on one Redis share. Whatever cannot be read there is a miss. */
export interface Store {
  /** One entry for each key, undefined where there is none. */
  get(keys: readonly string[]): Promise<(Entry | undefined)[]>;
  set(key: string, entry: Entry): void;
  delete(key: string): void;
}

const version = 3; // of what is kept: another shape of the objects in `types.ts` needs another number
const plainBytes = 1_000; // a larger text is an eighth of its size when deflated, for some 50 µs
const sealBytes = 8;

/** @param app names the app whose answers they are: what one app is given, another may not be */
export function createStore(redis: SharedRedis, app: string): Store {
  const nameOf = (key: string) => `spotify-graphql:${version}:${app}:${language}:${key}`;

  return {
    async get(keys) {
      const texts = await redis.ask((connection) => connection.mgetBuffer(keys.map(nameOf)));
      return keys.map((key, i) => unpack(texts?.[i] ?? null, key));
    },
    set(key, entry) {
      const lifeMs = Math.floor(entry.usableUntilMs - epochMs());
      if (lifeMs <= 0) return;
      void redis.ask((connection) => connection.set(nameOf(key), pack(key, entry), 'PX', lifeMs));
    },
    delete: (key) => void redis.ask((connection) => connection.del(nameOf(key))),
  };
}

/** Sealed with its key, so that garbage, and what belongs elsewhere, is not taken for an answer. */
function pack(key: string, entry: Entry): Buffer {
  const text = Buffer.from(JSON.stringify(entry));
  const body = text.byteLength < plainBytes ? text : deflateRawSync(text, { level: 1 });
  return Buffer.concat([sealOf(key, body), body]);
}

function unpack(packed: Buffer | null, key: string): Entry | undefined {
  const body = packed?.subarray(sealBytes);
  if (!packed || !body || !packed.subarray(0, sealBytes).equals(sealOf(key, body))) return undefined;
  const isPlain = body[0] === '{'.charCodeAt(0); // which no deflated text begins with
  const text = isPlain ? body : inflateRawSync(body);
  return JSON.parse(text.toString('utf8')) as Entry;
}

const sealOf = (key: string, body: Buffer): Buffer =>
  createHash('sha1').update(key).update(body).digest().subarray(0, sealBytes);
