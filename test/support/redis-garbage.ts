import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { albums50, bts } from './redis-gateways.ts';

/** Invalid entries in Redis. */

export type Garbage = (stored: {
  name: string;
  key: string;
  value: Buffer;
  another: Buffer;
}) => Buffer | 'list';

/** Invalid values for the entry of a response, by their descriptions. */
export function garbage(): Record<string, Garbage> {
  const later = 9e15;
  const times = { etag: null, asOfMs: later, freshUntilMs: later, usableUntilMs: later };
  const entry = (key: string, rest: object) => Buffer.from(JSON.stringify({ key, ...rest }));
  const body =
    (value: unknown): Garbage =>
    ({ key }) =>
      entry(key, { ...times, body: value });
  /** The written entry, with changes. */
  const changed =
    (change: (writtenEntry: WrittenEntry) => object): Garbage =>
    ({ key, value }) => {
      if (key.startsWith('in:')) return value; // the name of the response that contains an object
      const writtenEntry = JSON.parse(plain(value)) as WrittenEntry;
      return gzipSync(entry(key, { ...writtenEntry, ...change(writtenEntry) }));
    };
  const eachItem = (corruptItem: unknown): Garbage =>
    changed(({ body: writtenBody }) => ({
      body: JSON.parse(JSON.stringify(writtenBody), (name, value: unknown) =>
        ['items', 'tracks', 'artists', 'albums'].includes(name) && Array.isArray(value)
          ? value.map(() => corruptItem)
          : value,
      ) as unknown,
    }));
  return {
    'a value of another type': () => 'list',
    nothing: () => Buffer.alloc(0),
    'random bytes': () => randomBytes(300),
    'random bytes that begin like JSON': () => Buffer.concat([Buffer.from('{'), randomBytes(300)]),
    'JSON of another shape': () => Buffer.from('{"a":[1,2,3]}'),
    'JSON that is not an object': () => gzipSync('[null]'),
    'half of what was written': ({ value }) => value.subarray(0, value.length / 2),
    "another response's value": ({ another }) => another,
    'JSON that is null': () => gzipSync('null'),
    'the right key and nothing else': ({ key }) => entry(key, {}),
    'a body that is a number': body(7),
    'a body that is a text': body('secret'),
    'a body that is true': body(true),
    'a body that is an empty object': body({}),
    'a body that is an empty list': body([]),
    'a body whose lists are not lists': body({ items: 7, tracks: {}, artists: 'a', albums: null }),
    'a body without an id': body({ name: 'BTS', type: 'artist' }),
    'a body of another object': body({ id: albums50, name: 'Another', type: 'artist' }),
    'a body of another kind': changed(({ body: writtenBody }) => ({
      body: { ...writtenBody, type: 'show' },
    })),
    'items that are numbers': eachItem(7),
    'items that have no name': eachItem({ id: bts }),
    'parts that are not as documented': changed(({ body: writtenBody }) => ({
      body: {
        ...writtenBody,
        images: 7,
        name: writtenBody?.['name'] ?? 7,
        items: 'none',
        tracks: { items: [{ id: 7 }] },
      },
    })),
    'items whose fields have wrong types': eachItem({ id: 'x', artists: 7, album: [], tracks: 'none' }),
    'another place in the list': changed(({ body: writtenBody }) => ({
      body: { ...writtenBody, id: '7', offset: 7 },
    })),
    'times that are not numbers': changed(() => ({ freshUntilMs: 'soon', usableUntilMs: null })),
    'an ETag that is not a valid header': changed(() => ({ etag: 'a\r\nb', freshUntilMs: 0 })),
    'an ETag that is a list': changed(() => ({ etag: ['a'], freshUntilMs: 0 })),
    '10 MB of brackets, compressed': () => compressedBombs.brackets(),
    'brackets as many as are read': ({ key }) =>
      gzipSync(`{"key":"${key}","body":${'['.repeat(400_000)}${']'.repeat(400_000)}}`),
    '150 MB of blanks, compressed': () => compressedBombs.blanks(),
    '30 MB, not compressed': ({ key }) =>
      uncompressed().subarray(0, key.startsWith('in:') ? 300_000 : undefined),
  };
}

/** Each is created once, on first use. */
const compressedBombs = {
  brackets: once(() => gzipSync(`${'['.repeat(5_000_000)}${']'.repeat(5_000_000)}`)),
  // Of several gzip members, which Node decompresses as one text: they take a tenth of the time to create.
  blanks: once(() => Buffer.concat(Array<Buffer>(10).fill(gzipSync(Buffer.alloc(15_000_000, ' '))))),
};

const uncompressed = once(() => Buffer.alloc(30_000_000, '{'));

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

interface WrittenEntry {
  body: Record<string, unknown> | null;
}

/** Replaces every cached response by garbage: of the given kind, or of all kinds in turn. */
export async function corruptEntries(client: Redis, make?: Garbage): Promise<void> {
  const kinds = make ? [make] : Object.values(garbage()).slice(0, 16);
  const names = (await client.keys('spotify-graphql:*')).filter(
    (name) => !/:(?:messages|rate)$|:(?:lease|calls):/.test(name),
  );
  const values = await Promise.all(names.map((name) => client.getBuffer(name)));
  for (const [i, name] of names.entries()) {
    const value = values[i] ?? Buffer.alloc(0);
    const another = values[(i + 1) % values.length] ?? Buffer.alloc(0);
    const key = name.split(':').slice(5).join(':');
    const put = kinds[i % kinds.length]?.({ name, key, value, another }) ?? Buffer.alloc(0);
    // In one transaction, because a gateway under load may write the entry again in between.
    if (put === 'list') await client.multi().del(name).rpush(name, 'one', 'two').exec();
    else await client.multi().del(name).set(name, put, 'PX', 600_000).exec();
  }
}

const gzipMagic = 0x1f;

export const plain = (value: Buffer): string =>
  (value[0] === gzipMagic ? gunzipSync(value) : value).toString('utf8');
