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
  /** Resolves when asking makes sense, or waiting for it no more. */
  started(): Promise<void>;
}

const version = 1; // of what is kept: another shape of the objects in `types.ts` needs another number
const plainBytes = 1_000; // a larger text is an eighth of its size when deflated, for some 50 µs
const maxBytes = 8_000_000; // of a text once inflated

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
    started: redis.started,
    delete: (key) => void redis.ask((connection) => connection.del(nameOf(key))),
  };
}

/** The key stands in what it names, so that nothing else can be taken for it. */
function pack(key: string, entry: Entry): Buffer {
  const text = Buffer.from(JSON.stringify({ key, ...entry }));
  return text.byteLength < plainBytes ? text : deflateRawSync(text, { level: 1 });
}

function unpack(packed: Buffer | null, key: string): Entry | undefined {
  if (packed === null) return undefined;
  try {
    const isPlain = packed[0] === '{'.charCodeAt(0); // which no deflated text begins with
    const text = isPlain ? packed : inflateRawSync(packed, { maxOutputLength: maxBytes });
    const { key: named, ...entry } = JSON.parse(text.toString('utf8')) as Entry & { key: unknown };
    return named === key ? entry : undefined;
  } catch {
    return undefined; // garbage: whoever wrote it, the next answer of Spotify takes its place
  }
}
