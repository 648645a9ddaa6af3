import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unpack } from '../../../../src/datasources/spotify/transport/body.ts';

/** Bodies that Spotify compresses, and malformed ones. */

const maxBytes = 10_000;
const page = Buffer.from('봄날 '.repeat(1_000));

/** The gzip body with another length at its end. */
function withStatedLength(packed: Buffer, length: number): Buffer {
  const changed = Buffer.from(packed);
  changed.writeUInt32LE(length, changed.byteLength - 4);
  return changed;
}

describe('a gzip body', () => {
  test('a gzip body of any length is decompressed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => {
        expect(unpack(gzipSync(bytes), maxBytes)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('a gzip body may be as long as the maximum size when decompressed', () => {
    for (const length of [maxBytes - 1, maxBytes]) {
      expect(unpack(gzipSync(Buffer.alloc(length)), maxBytes)?.byteLength).toBe(length);
    }
    for (const length of [maxBytes + 1, 50_000_000]) {
      expect(unpack(gzipSync(Buffer.alloc(length)), maxBytes)).toBeNull();
    }
  });

  test('a gzip body of two members is decompressed, although its end states only the length of the second', () => {
    const parts = [page, Buffer.from('!')].map((part) => gzipSync(part));
    expect(unpack(Buffer.concat(parts), maxBytes)).toEqual(Buffer.concat([page, Buffer.from('!')]));
  });

  test.each([0, 1, page.byteLength - 1, page.byteLength + 1, 2 ** 32 - 1])(
    'a gzip body that states a wrong length of %i bytes is an error',
    (length) =>
      expect(() => unpack(withStatedLength(gzipSync(page), length), maxBytes)).toThrow('incorrect length'),
  );

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['three bytes', Buffer.from('abc')],
    ['plain text', page],
    ['its beginning', gzipSync(page).subarray(0, 30)],
    ['all but its last byte', gzipSync(page).subarray(0, -1)],
  ])('a gzip body that is only %s is an error', (_, packed) => {
    expect(() => unpack(packed, maxBytes)).toThrow();
  });
});
