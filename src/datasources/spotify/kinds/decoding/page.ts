import { propertyOf } from '../../../../json.ts';
import { epochMs } from '../../../../observability/clock.ts';
import { type DecodeOptions, type EmbeddedPage, type Entity, getList, type KindRegistry } from '../kind.ts';
import type { Market } from '../markets.ts';
import type { SpotifyId } from '../spotify-id.ts';
import {
  expectArray,
  expectObject,
  isInt,
  isMalformed,
  type Json,
  MalformedResponse,
  orMalformed,
  part,
  withId,
} from './json.ts';
import { type Items, lazyItems } from './lazy-items.ts';
import { simplifiedOptions } from './values.ts';

/** One upstream page. `items.at(i)` is the item of slot `offset + i`; slots up to `offset + limit` may be missing. */
export interface Page<T = unknown> {
  offset: number;
  limit: number;
  /** The total that Spotify sent; if it is missing or malformed, the slots up to the end of the items. */
  total: number;
  totalSource: 'sent' | 'missing' | 'malformed';
  /** Whether Spotify names a next page. */
  hasNext: boolean;
  items: Items<T>;
  /** When Spotify sent the page, in milliseconds of the epoch: if two pages differ, the later one is right. */
  asOfMs: number;
}

/** The slots of a list and the market that were requested. */
export interface PageRequest {
  offset: number;
  limit: number;
  market: Market | null;
  kinds: KindRegistry;
}

/**
 * One page of a list; each item that `decodeItem` rejects becomes a marker in its slot. If a page has no usable
 * total, the list ends with its items, unless `next` is set.
 * @param identify adds ids to the items; by default an item without an id is null
 * @throws MalformedResponse
 */
export function decodePage<T>(
  value: unknown,
  request: PageRequest,
  decodeItem: (item: unknown) => T,
  identify: (item: unknown) => unknown = withId,
): Page<T> {
  const json = expectObject(value, 'page');
  const { offset } = request;
  if (Number(json['offset'] ?? offset) !== offset) throw new MalformedResponse('page.offset');
  const items = expectArray(json['items'], 'page.items');
  // Without items, only one of these shows that this is a page.
  const hasNumbers = (json['limit'] ?? json['total'] ?? null) !== null;
  if (items.length === 0 && !hasNumbers) throw new MalformedResponse('page.total');
  const limit = pageSizeOf(json, items.length, request);
  return {
    offset,
    limit,
    total: countOr(offset + items.length, json['total']),
    totalSource: isInt(json['total']) ? 'sent' : json['total'] == null ? 'missing' : 'malformed',
    hasNext: isSet(json['next']),
    items: lazyItems(items.slice(0, limit).map(identify), request, (item) =>
      orMalformed(() => decodeItem(item)),
    ),
    asOfMs: epochMs(),
  };
}

const smallestSizeLimit = 10; // the lowest page size limit of any app: that of apps in development mode

/**
 * The reported page size, as far as the items agree with it: some pages report a size of 1 for ten items. A page that reports
 * none ends where `next` begins. An empty page has no items that could agree: it counts as smaller than requested only if it
 * reports a size that can be the limit of an app.
 * @throws MalformedResponse if the size is 0, unless the list is empty: no number of such pages makes a list
 */
function pageSizeOf(
  json: Json,
  itemCount: number,
  { offset, limit: requested }: Pick<PageRequest, 'offset' | 'limit'>,
): number {
  const step = offsetIn(json['next']) - offset;
  const reported = countOr(step > 0 ? step : requested, json['limit']);
  if (itemCount > 0)
    return Math.min(requested, Math.max(itemCount, plausibleSize(reported, itemCount, json['next'], step)));
  const isEmptyList = json['total'] === 0 && !isSet(json['next']);
  if (json['limit'] === 0 && !isEmptyList) throw new MalformedResponse('page.limit');
  return reported < smallestSizeLimit ? requested : Math.min(requested, reported);
}

/**
 * The reported page size. If it is smaller than the items or than the limit of any app, `next` may name a larger one. If it is
 * smaller than the items and `next` names none, the page has at least the smallest limit: a short page does not end with its items.
 */
function plausibleSize(reported: number, itemCount: number, next: unknown, step: number): number {
  if (reported >= Math.max(itemCount, smallestSizeLimit)) return reported;
  if (step > 0) return Math.max(step, reported);
  return reported < itemCount && isSet(next) ? smallestSizeLimit : reported;
}

/** The offset that `next` names, or 0. Only this number is read: no request is sent to the URL. */
const offsetIn = (next: unknown): number =>
  Number(typeof next === 'string' ? (/[?&]offset=(\d+)/.exec(next)?.[1] ?? 0) : 0);

const isSet = (next: unknown): boolean => typeof next === 'string' && next !== '';

/** The first page of a list that a full object contains. @throws MalformedResponse */
export function decodeEmbeddedPage(
  value: unknown,
  { list: name, limit }: EmbeddedPage,
  { kinds, market }: DecodeOptions,
  owner: SpotifyId,
): Page<Entity> {
  const list = getList(kinds, name);
  const options = simplifiedOptions({ kinds, market });
  const decodeItem = (item: unknown) => list.decodeItem(item, options, owner);
  const page = decodePage(value, { offset: 0, limit, market, kinds }, decodeItem, list.identify);
  // No request has named the size of this page. Without a stated size, it ends where its items end if the list goes on.
  const isSized =
    (propertyOf(value, 'limit') ?? null) !== null ||
    offsetIn(propertyOf(value, 'next')) > 0 ||
    page.items.length === 0;
  const goesOn = page.hasNext || page.total > page.items.length;
  return isSized || !goesOn ? page : { ...page, limit: Math.min(limit, page.items.length) };
}

/** The same for an object; undefined if the page cannot be used: then a field that selects it reads it from its list. */
export function usableEmbeddedPage(
  json: Json,
  embedded: EmbeddedPage,
  options: DecodeOptions,
  owner: SpotifyId,
): Page<Entity> | undefined {
  const page = part(json[embedded.key], (value) => decodeEmbeddedPage(value, embedded, options, owner));
  return isMalformed(page) ? undefined : page;
}

const countOr = (otherwise: number, value: unknown): number => (isInt(value) ? value : otherwise);
