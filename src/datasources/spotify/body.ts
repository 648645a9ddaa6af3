import { listBehind, marketsBehind, type RawList, readRawList } from './raw-list.ts';

/** The body of an answer, read no further than is sure to be needed. */
export interface Body {
  /** Its JSON, in which each list of `items` is a RawList; undefined where it is none. */
  json: unknown;
  /** Length of the JSON without what nothing serves. */
  bytes: number;
}

/**
 * @param text the whole body, which is used up; error pages come as HTML, as plain words or as nothing
 */
export function readBody(text: Buffer): Body {
  try {
    return parse(text);
  } catch {
    return { json: undefined, bytes: text.byteLength };
  }
}

/** @throws SyntaxError */
function parse(text: Buffer): Body {
  const lists: RawList[] = [];
  let listBytes = 0;
  let rest = '';
  let from = 0;
  for (let at = text.indexOf(itemsKey); at !== -1; ) {
    const start = listBehind(text, at + itemsKey.byteLength);
    const read = start === null ? null : readRawList(text, start);
    if (start !== null && read) {
      rest += withoutMarkets(text.subarray(from, start)) + lists.length;
      listBytes += read.list.bytes;
      lists.push(read.list);
      from = read.end;
    }
    at = text.indexOf(itemsKey, Math.max(at + 1, from));
  }
  rest += withoutMarkets(text.subarray(from));
  const json: unknown = JSON.parse(rest);
  if (lists.length > 0) putBack(lists, json);
  return { json, bytes: listBytes + rest.length };
}

/** Puts each list in the place where its number stands. */
function putBack(lists: readonly RawList[], json: unknown): void {
  if (typeof json !== 'object' || json === null) return;
  for (const [key, value] of Object.entries(json)) {
    if (key === 'items' && Array.isArray(value)) Object.assign(json, { items: lists[value[0]] });
    else putBack(lists, value);
  }
}

function withoutMarkets(text: Buffer): string {
  let kept = '';
  let from = 0;
  for (const afterKey of placesBehind(marketsKey, text)) {
    const markets = marketsBehind(text, afterKey);
    if (!markets) continue;
    kept += text.toString('utf8', from, markets.start);
    from = markets.end;
  }
  return kept + text.toString('utf8', from);
}

const itemsKey = Buffer.from('"items"');
const marketsKey = Buffer.from('"available_markets"');

/** A quote inside a string is escaped: nothing but a key, or a whole string, looks like one. */
function* placesBehind(key: Buffer, text: Buffer): Iterable<number> {
  for (let at = text.indexOf(key); at !== -1; at = text.indexOf(key, at + 1)) yield at + key.byteLength;
}
