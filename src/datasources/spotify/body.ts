import { listBehind, marketsBehind, type RawList, readRawList } from './raw-list.ts';

/** The body of an answer, read no further than is sure to be needed. */
export interface Body {
  /** Its JSON, in which each list of `items` is a RawList. */
  json: unknown;
  /** About what it takes in memory. */
  bytes: number;
}

/**
 * @param text the whole body, which is used up
 * @returns null where it is no JSON
 */
export function readBody(text: Buffer): Body | null {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null; // too deep is a range, too
    throw error;
  }
}

/** @throws SyntaxError */
function parse(text: Buffer): Body {
  const lists: RawList[] = [];
  let listBytes = 0;
  let rest = '';
  let from = 0;
  for (let at = indexOfKey(text, itemsKey, 0); at !== -1; ) {
    const start = listBehind(text, at + itemsKey.byteLength);
    if (start !== null) {
      const { list, end } = readRawList(text, start);
      rest += withoutMarkets(text.subarray(from, start)) + lists.length;
      listBytes += list.bytes;
      lists.push(list);
      from = end;
    }
    at = indexOfKey(text, itemsKey, Math.max(at + 1, from));
  }
  rest += withoutMarkets(text.subarray(from));
  const json: unknown = JSON.parse(rest);
  if (lists.length > 0) putBack(new Map(lists.entries()), json);
  return { json, bytes: listBytes + rest.length };
}

/**
 * Puts each list in the place where its number stands.
 * @throws SyntaxError where something else stands there, which nothing that Spotify writes can bring about
 */
function putBack(lists: Map<unknown, RawList>, json: unknown): void {
  if (typeof json !== 'object' || json === null) return;
  for (const [key, value] of Object.entries(json)) {
    if (key === 'items' && Array.isArray(value)) Object.assign(json, { items: listFor(lists, value) });
    else putBack(lists, value);
  }
}

function listFor(lists: Map<unknown, RawList>, [number]: readonly unknown[]): RawList {
  const list = lists.get(number);
  if (!list) throw new SyntaxError('a list by another name');
  lists.delete(number);
  return list;
}

function withoutMarkets(text: Buffer): string {
  let kept = '';
  let from = 0;
  for (let at = indexOfKey(text, quotedMarkets, 0); at !== -1; at = indexOfKey(text, quotedMarkets, at + 1)) {
    const markets = marketsBehind(text, at + quotedMarkets.byteLength);
    if (!markets) continue;
    kept += text.toString('utf8', from, markets.start);
    from = markets.end;
  }
  return kept + text.toString('utf8', from);
}

/** Where a key, or a string of the same characters, stands: quotes inside of strings have a backslash before them. */
function indexOfKey(text: Buffer, key: Buffer, from: number): number {
  let at = text.indexOf(key, from);
  while (at !== -1 && text[at - 1] === backslash) at = text.indexOf(key, at + 1);
  return at;
}

const itemsKey = Buffer.from('"items"');
const quotedMarkets = Buffer.from('"available_markets"');
const backslash = '\\'.charCodeAt(0);
