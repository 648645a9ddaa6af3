import { gunzipSync } from 'node:zlib';

/** The body of a response as JSON, without the market codes. */
export interface Body {
  json: unknown;
  /** Length of its text without the market codes, which is about half of the memory that it takes. */
  bytes: number;
}

/** @returns null if the body is not JSON, or is nested too deep */
export function readBody(body: Buffer): Body | null {
  const text = textWithoutMarkets(body);
  if (text === null) return null;
  try {
    return { json: JSON.parse(text), bytes: text.length };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A property of parsed JSON; undefined if the value is no object or does not have it. */
export const propertyOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;

/** The `error.message` of a Spotify error; null if it has none. Never shown to clients. */
export function messageOf(body: unknown): string | null {
  const message = propertyOf(propertyOf(body, 'error'), 'message');
  return typeof message === 'string' ? message : null;
}

// Spotify nests nine levels. To parse 2 MB of brackets takes half a second and 85 MB.
const maxDepth = 64;
const byteOrderMark = Buffer.from('\ufeff');
const marketsKey = Buffer.from('available_markets');
const [quote, backslash, colon, comma, space] = [0x22, 0x5c, 0x3a, 0x2c, 0x20];
const [listStart, listEnd, objectStart, objectEnd] = [0x5b, 0x5d, 0x7b, 0x7d];
const [letterA, letterZ] = [0x41, 0x5a];
const none = 0xff; // for a byte after the end of the body

/**
 * The text of a JSON body in which each `available_markets` list of country codes is empty: each album and track has up
 * to 180 codes, half of the bytes of a page, and no field serves them. No byte is read more than twice.
 * @returns null if lists and objects are nested deeper than `maxDepth`
 */
export function textWithoutMarkets(body: Buffer): string | null {
  let text = '';
  let keptFrom = textStart(body);
  let depth = 0;
  for (let at = keptFrom; at < body.length && depth <= maxDepth; at += 1) {
    const byte = body[at];
    if (byte === quote) {
      const end = stringEnd(body, at + 1);
      const markets = isMarketsKey(body, at + 1, end) ? marketsAfter(body, end + 1) : null;
      if (markets) {
        text += body.toString('utf8', keptFrom, markets.start);
        keptFrom = markets.end;
      }
      at = markets?.end ?? end;
    } else if (byte === listStart || byte === objectStart) depth += 1;
    else if (byte === listEnd || byte === objectEnd) depth -= 1;
  }
  return depth > maxDepth ? null : text + body.toString('utf8', keptFrom);
}

const textStart = (body: Buffer): number =>
  byteOrderMark.equals(body.subarray(0, byteOrderMark.length)) ? byteOrderMark.length : 0;

/** The index of the quote that ends a string; the length of the body if there is none. */
function stringEnd(body: Buffer, from: number): number {
  let at = from;
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1;
  return at;
}

const isMarketsKey = (body: Buffer, from: number, end: number): boolean =>
  end - from === marketsKey.length && marketsKey.compare(body, from, end) === 0;

/** The range between the brackets of a list of country codes; null if the key has another value. */
function marketsAfter(body: Buffer, keyEnd: number): { start: number; end: number } | null {
  const colonAt = afterSpace(body, keyEnd);
  const listAt = afterSpace(body, colonAt + 1);
  if (body[colonAt] !== colon || body[listAt] !== listStart) return null;
  let end = listAt + 1;
  for (;;) {
    if (isCode(body, end)) end += codeBytes;
    else if (body[end] === comma || isSpace(body[end])) end += 1;
    else return body[end] === listEnd ? { start: listAt + 1, end } : null;
  }
}

const codeBytes = '"DE"'.length;

const isCode = (body: Buffer, at: number): boolean =>
  body[at] === quote && isLetter(body[at + 1]) && isLetter(body[at + 2]) && body[at + 3] === quote;

const isLetter = (byte = none): boolean => byte >= letterA && byte <= letterZ;

const isSpace = (byte = none): boolean => byte <= space;

function afterSpace(body: Buffer, from: number): number {
  let at = from;
  while (isSpace(body[at])) at += 1;
  return at;
}

// Size of an output buffer. Smaller ones double the time for a page of 94 KB.
const chunkSize = 65_536;

/**
 * Decompresses gzip in the calling thread: a page takes about 50 microseconds, no more than the hand-over to another
 * thread.
 * @returns null if the result is longer than `maxBytes`; no more than that is decompressed
 * @throws Error of zlib, if the data is not gzip or ends too early
 */
export function unpack(packed: Buffer, maxBytes: number): Buffer | null {
  try {
    return gunzipSync(packed, { maxOutputLength: maxBytes, chunkSize });
  } catch (error) {
    if (propertyOf(error, 'code') === 'ERR_BUFFER_TOO_LARGE') return null;
    throw error;
  }
}
