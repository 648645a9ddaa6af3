import { gunzipSync } from 'node:zlib';
import { propertyOf } from '../../../json.ts';

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

// Spotify nests nine levels. Parsing 2 MB of brackets takes 0.2 s and 84 MB.
const maxDepth = 64;
// The codes of a list of countries; a quote after a backslash is inside a string. V8 keeps every repetition on a stack, which
// 2 million of them exceed, and Spotify's lists have less than 200.
const marketCodes =
  /(?<!\\)("available_markets"\s*:\s*\[)\s*"[A-Z]{2}"(?:\s*,\s*"[A-Z]{2}"){0,999}\s*(?=\])/g;
const utf8 = new TextDecoder(); // leaves a byte order mark out

/**
 * The text of a JSON body in which each `available_markets` list of country codes is empty: each album and track has up
 * to 180 codes, half of the bytes of a page, and no field serves them.
 * @returns null if lists and objects are nested deeper than `maxDepth`
 */
export function textWithoutMarkets(body: Buffer): string | null {
  // One character for each byte, which is searched faster than the characters of the text.
  const bytes = body.toString('latin1').replace(marketCodes, '$1');
  return isTooDeep(bytes) ? null : utf8.decode(Buffer.from(bytes, 'latin1'));
}

function isTooDeep(json: string): boolean {
  let depth = 0;
  for (let at = 0; at < json.length && depth <= maxDepth; at += 1) {
    const character = json[at];
    if (character === '"') at = stringEnd(json, at);
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
  }
  return depth > maxDepth;
}

/** The index of the quote that ends a string; the length of the JSON if there is none. */
function stringEnd(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end === -1 ? json.length : end;
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0;
  while (json[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
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
