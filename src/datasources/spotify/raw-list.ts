import { emptyStamp, stampWith } from '../../stamp.ts';

/**
 * A list that is still the text of its JSON: where its elements stand is known, and each is parsed when it is read.
 * A page holds fifty albums, of which a client may see five: to find their places takes less than half of the
 * time of parsing them, and a text is one thing to the garbage collector where its objects are a thousand.
 */
export interface RawList {
  readonly length: number;
  /** @throws SyntaxError */
  parse(index: number): unknown;
  /** Whether nothing stands there. */
  isNull(index: number): boolean;
  /** The `id` of the element itself, unparsed; null where it has none that could be one of Spotify's. */
  idAt(index: number): string | null;
  /** The stamp of every `id` anywhere in the list, and at the same place in `owners` the element that it is in. */
  stamps: readonly number[];
  owners: readonly number[];
  /** About what it takes in memory. */
  bytes: number;
}

/** JSON knows no functions. */
export const isRawList = (value: unknown): value is RawList =>
  typeof (value as Partial<RawList> | null)?.parse === 'function';

// Codes of this file's own: with imported constants the loop below takes half as long again.
const [quote, backslash, comma, colon, space] = codesOf('"\\,: ');
const [listStart, listEnd, objectStart, objectEnd] = codesOf('[]{}');
const [letterA, letterD, letterI, letterN] = codesOf('adin');

function codesOf(characters: string) {
  return Array.from(characters, (each) => each.charCodeAt(0)) as [number, number, number, number, number];
}

/**
 * @param text is used up where the list stands
 * @param from behind the `[` that opens the list
 * @returns the list without its market codes, and where its `]` stands
 * @throws SyntaxError where it has none
 */
export function readRawList(text: Buffer, from: number): { list: RawList; end: number } {
  const places: Places = { bounds: [], ids: [], stamps: [], owners: [], stretches: [from], shift: from };
  let at = afterSpace(text, from);
  while (at < text.length && text[at] !== listEnd) {
    places.ids.push(none);
    places.bounds.push(at - places.shift);
    at = endOfElement(text, at, places);
    places.bounds.push(at - places.shift);
    if (text[at] === comma) at = afterSpace(text, at + 1);
    else if (text[at] !== listEnd) throw unended();
  }
  if (at >= text.length) throw unended();
  places.stretches.push(at);
  return { list: listOf(kept(text, places.stretches), places), end: at };
}

const unended = () => new SyntaxError('a list without an end');

/** Where things stand in what is kept of a list. */
interface Places {
  /** The elements, each with its start and its end. */
  bounds: number[];
  /** Where the value of each element's own id begins. */
  ids: number[];
  stamps: number[];
  owners: number[];
  /** What is kept of the whole text, each with its start and its end there. */
  stretches: number[];
  /** From a place in the text to that in what is kept. */
  shift: number;
}

const none = -1;
const marketsKey = Buffer.from('available_markets');
const elementBytes = 24;
const stampBytes = 60; // of which most is where they are looked for

/** Where the comma or the bracket stands behind an element, however deep that is. */
function endOfElement(text: Buffer, from: number, places: Places): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === quote) at = readString(text, at + 1, depth, places);
    else if (byte === objectStart || byte === listStart) depth += 1;
    else if (depth === 0 && (byte === comma || byte === objectEnd || byte === listEnd)) return at;
    else if (byte === objectEnd || byte === listEnd) depth -= 1;
  }
  return text.length;
}

/** @returns where the string ends, or behind a key what is left out with it */
function readString(text: Buffer, from: number, depth: number, places: Places): number {
  const end = endOfString(text, from);
  if (end - from === 2 && text[from] === letterI && text[from + 1] === letterD) {
    noteId(text, end + 1, depth, places);
  } else if (end - from === marketsKey.length && text[from] === letterA) {
    return cutMarkets(text, from, end, places);
  }
  return end;
}

function noteId(text: Buffer, afterKey: number, depth: number, { ids, stamps, owners, shift }: Places): void {
  const value = valueBehind(text, afterKey, quote);
  if (value === null) return;
  if (depth === 1) ids[ids.length - 1] = value - shift;
  stamps.push(stampAt(text, value));
  owners.push(ids.length - 1);
}

function cutMarkets(text: Buffer, from: number, end: number, places: Places): number {
  const markets = marketsKey.equals(text.subarray(from, end)) ? marketsBehind(text, end + 1) : null;
  if (markets === null) return end;
  places.stretches.push(markets.start, markets.end);
  places.shift += markets.end - markets.start;
  return markets.end;
}

function stampAt(text: Buffer, from: number): number {
  let stamp = emptyStamp;
  for (let at = from; at < text.length && text[at] !== quote; at += 1)
    stamp = stampWith(stamp, text[at] as number);
  return stamp;
}

/**
 * The stretches that are kept, moved together, one byte a character. As a string, because the memory of a Buffer is
 * the system's, of which V8 knows only how much is given out: it would collect garbage all the time.
 */
function kept(text: Buffer, stretches: readonly number[]): string {
  const from = stretches[0] as number;
  let end = from;
  for (let i = 0; i < stretches.length; i += 2) {
    const [start, until] = [stretches[i] as number, stretches[i + 1] as number];
    text.copyWithin(end, start, until);
    end += until - start;
  }
  return text.toString('latin1', from, end);
}

function listOf(text: string, { bounds, ids, stamps, owners }: Places): RawList {
  const startOf = (index: number) => bounds[2 * index] as number;
  return {
    length: ids.length,
    parse: (index) => JSON.parse(decoded(text.slice(startOf(index), bounds[2 * index + 1]))),
    isNull: (index) => text.charCodeAt(startOf(index)) === letterN,
    idAt(index) {
      const from = ids[index] as number;
      const id = from === none ? '' : text.slice(from, text.indexOf('"', from));
      return isId(id) ? id : null;
    },
    stamps,
    owners,
    bytes: text.length + elementBytes * ids.length + stampBytes * stamps.length,
  };
}

/** The text of bytes in UTF-8. */
const decoded = (bytes: string): string =>
  notAscii.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;

const isId = (text: string): boolean => /^[0-9A-Za-z]{22}$/.test(text);
const notAscii = /[\x80-\xff]/;

/** Where the list begins that is the value of a key, behind its `[`; null where something else follows. */
export const listBehind = (text: Buffer, afterKey: number): number | null =>
  valueBehind(text, afterKey, listStart);

/** Where the value of a key begins, behind its first character; null where it begins with another one. */
function valueBehind(text: Buffer, afterKey: number, first: number): number | null {
  const at = afterSpace(text, afterKey);
  if (text[at] !== colon) return null;
  const value = afterSpace(text, at + 1);
  return text[value] === first ? value + 1 : null;
}

function afterSpace(text: Buffer, from: number): number {
  let at = from;
  while ((text[at] ?? quote) <= space) at += 1;
  return at;
}

/** @param from behind the quote that opens it */
function endOfString(text: Buffer, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== quote) {
    if (text[at] === backslash) at += 1;
    at += 1;
  }
  return at;
}

/**
 * The market codes that an object can be had in: up to 180, which nothing serves, in every album and track. They
 * are half of the bytes of a page.
 * @returns where they begin and end inside their list; null where no such list follows the key
 */
export function marketsBehind(text: Buffer, afterKey: number): { start: number; end: number } | null {
  const start = valueBehind(text, afterKey, listStart);
  const end = start === null ? -1 : text.indexOf(listEnd, start);
  return start === null || end === -1 ? null : { start, end };
}
