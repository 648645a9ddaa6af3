import { gunzipSync } from 'node:zlib';

const lengthBytes = 4;
const leastChunkBytes = 64; // of zlib

/**
 * The text of a gzip. At once, since a page takes some 50 microseconds, which is no more than to have another thread do
 * it, and in one piece: as a stream, 20 albums took two fifths longer and a third more calls, as what was asked for
 * together came back one by one.
 * @returns null where it is longer than `maxBytes`
 * @throws Error of zlib, where it is no gzip or ends too early
 */
export function unpack(packed: Buffer, maxBytes: number): Buffer | null {
  const chunkSize = Math.max(leastChunkBytes, Math.min(toldLength(packed), maxBytes) + 1); // it ends where room is left
  try {
    return gunzipSync(packed, { maxOutputLength: maxBytes, chunkSize });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw error;
  }
}

/** The length of the text as the gzip has it at its end (RFC 1952), which may be a lie. */
const toldLength = (packed: Buffer): number =>
  packed.byteLength < lengthBytes ? 0 : packed.readUInt32LE(packed.byteLength - lengthBytes);
