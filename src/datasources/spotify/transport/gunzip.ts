import { gunzipSync } from 'node:zlib';

// Output grows by so much at a time, whatever the data says of its length. Smaller pieces cost a page of 94 KB ×2.
const chunkSize = 65_536;

/**
 * Decompresses gzip in the calling thread: a page takes some 50 microseconds, which is no more than to have another
 * thread do it.
 * @returns null where the result is longer than `maxBytes`; no more than that is decompressed
 * @throws Error of zlib, where the data is no gzip or ends too early
 */
export function unpack(packed: Buffer, maxBytes: number): Buffer | null {
  try {
    return gunzipSync(packed, { maxOutputLength: maxBytes, chunkSize });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw error;
  }
}

/** Whether a `Content-Encoding` means gzip; servers write it in any case, and by its old name. */
export const isGzip = (contentEncoding: string | null): boolean =>
  /^\s*(?:x-)?gzip\s*$/i.test(contentEncoding ?? '');
