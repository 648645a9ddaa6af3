import { GatewayError, UpstreamBadResponse, UpstreamQuotaExceeded } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import { SmallerPageNeeded } from '../capabilities/page-sizes.ts';
import type { Malformed } from '../kinds/decoding/json.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { FeatureWithheld } from '../kinds/requests/endpoint-request.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import { type FieldContext, recordFreshness } from '../usage/field-context.ts';
import { type ListLength, type ListLengths, shownLength } from './lengths.ts';
import { isEmpty, mayContinue, nextOffsets, offsetsOf, type SlotRange, untilGap } from './slots.ts';
import type { SmallPages } from './small-pages.ts';
import { ListAbsent } from './withheld-lists.ts';

/** Reads aligned pages of lists, each from the cache if it is there and belongs to the current version of the list. */

/** One read of a list for one field. */
export interface ListRead<T extends Entity = Entity> {
  list: PagedList<T>;
  /** The page size. */
  limit: number;
  /** Whether the arguments have `last`: the slots are counted backward from `before` or from the end of the list. */
  isBackward: boolean;
  /** How many slots the list has at least, because a cursor or another page has shown the last of them; 0 if not known. */
  minLength: number;
  fieldContext: FieldContext;
  cache: ReadThroughCache;
  lengths: ListLengths;
  smallPages: SmallPages;
  /** Counts a page that is older than the last change of its list. */
  recordInvalidation(): void;
}

/** Pages in the order of their offsets, without a gap. */
export interface PageSequence<T> {
  pages: Page<T>[];
  /** Whether later pages are missing because the daily quota does not suffice for them. */
  isShortened: boolean;
}

/**
 * The pages that cover the slots, as far as the list goes; null if there is no such list. If the daily quota does not
 * suffice for all of them, the first ones.
 * @param knownPages that the same window has read before: they show the length of a list whose length is never fresh
 * @throws SmallerPageNeeded if Spotify pages the list in smaller pages
 * @throws UpstreamQuotaExceeded if the quota does not suffice for the first of the slots
 */
export async function readPages<T extends Entity>(
  read: ListRead<T>,
  slotRange: SlotRange,
  knownPages: readonly Page<T>[] = [],
): Promise<PageSequence<T> | null> {
  if (slotRange.start === slotRange.end) return { pages: [], isShortened: false };
  const { list, limit, lengths, fieldContext } = read;
  const startedMs = epochMs();
  let pages: Page<T>[] = [];
  let isShortened = false;
  if (list.embeddedFirstPage && slotRange.start < Math.max(limit, list.embeddedItems ?? 0)) {
    const firstPage = await list.embeddedFirstPage(fieldContext);
    if (firstPage === null) return null;
    // Slots are counted from the end only in pages that fit the list as it is now: without them, its end is not found.
    if (firstPage && (!read.isBackward || lengths.isConsistent(list, firstPage))) {
      lengths.record(list, firstPage, startedMs);
      pages.push(firstPage);
    }
  }
  while (!isShortened) {
    const known = knownLengthOf(read) ?? lengths.of(list, [...knownPages, ...pages]);
    const length = known && { ...known, minLength: Math.max(known.minLength, read.minLength) };
    const offsets = nextOffsets(pages, slotRange, limit, length, list.maxOffset, read.isBackward);
    if (offsets.length === 0) break;
    const nextPages = await readWithinQuota(read, offsets, pages, !pages.some(reaches(slotRange)), startedMs);
    pages = untilGap([...pages, ...nextPages.pages]);
    // Pages smaller than requested may end before the slot range: a window without slots is not a shortened window.
    isShortened = nextPages.isShortened && pages.some(reaches(slotRange));
  }
  return { pages: await readOutdatedAgain(read, pages, slotRange, startedMs), isShortened };
}

/**
 * The pages at the offsets, up to the first one for which the daily quota does not suffice. A failed read of a page is
 * ignored if the pages before it show that the list has ended.
 * @param before the pages that were read before
 * @param isFirstNeeded whether there is nothing to return without the first of these pages
 */
async function readWithinQuota<T extends Entity>(
  read: ListRead<T>,
  offsets: readonly number[],
  before: readonly Page<T>[],
  isFirstNeeded: boolean,
  startedMs: number,
): Promise<PageSequence<T>> {
  const readableCount = await read.cache.readableCount(offsets.map((offset) => requestAt(read, offset)));
  const count = isFirstNeeded ? Math.max(1, readableCount) : readableCount;
  const results = await Promise.allSettled(
    offsets.slice(0, count).map((offset) => readPage(read, offset, startedMs)),
  );
  const lastFilledIndex = results.findLastIndex(
    (result) => result.status === 'fulfilled' && !isEmpty(result.value),
  );
  const pages: Page<T>[] = [];
  for (const [i, result] of results.entries()) {
    if (result.status === 'fulfilled') {
      pages.push(result.value);
      continue;
    }
    const isAfterEnd =
      i > lastFilledIndex && !mayContinue([...before, ...pages]) && isFailedRead(result.reason);
    const isFirst = isFirstNeeded && pages.length === 0;
    const mayShorten = result.reason instanceof UpstreamQuotaExceeded && !isFirst;
    if (isAfterEnd || mayShorten) break;
    throw result.reason;
  }
  return { pages, isShortened: pages.length < offsets.length && mayContinue([...before, ...pages]) };
}

/** Whether the cause is Spotify's response, or that there was none. */
const isFailedRead = (error: unknown): boolean =>
  error instanceof GatewayError || error instanceof ListAbsent || error instanceof FeatureWithheld;

/** Whether a page has a slot of the slot range or a later one. */
const reaches =
  ({ start }: SlotRange) =>
  ({ offset, limit }: Page): boolean =>
    offset + limit > start;

/** The request for the page at an offset, with a page size that ends at `maxOffset` at the latest. */
const requestAt = <T extends Entity>({ list, limit }: ListRead<T>, offset: number) =>
  list.page(offset, Math.min(limit, list.maxOffset - offset));

/** @param startedMs start of the read to which the page belongs, in milliseconds of the epoch */
export async function readPage<T extends Entity>(
  read: ListRead<T>,
  offset: number,
  startedMs: number,
): Promise<Page<T>> {
  const { list, limit, cache, lengths, smallPages, recordInvalidation, fieldContext } = read;
  const endpointRequest = requestAt(read, offset);
  const getPage = async (): Promise<Page<T>> => {
    const page = await cache.get(endpointRequest, fieldContext);
    if (page !== null) return page;
    if (list.mayBeAbsent) throw new ListAbsent();
    // The requests of these lists treat no status as absence, so only a stored or batched response can be null.
    throw new UpstreamBadResponse(`There is no page of ${list.endpoint} at offset ${offset}.`);
  };
  let page = await getPage();
  if (!lengths.isConsistent(list, page)) {
    recordInvalidation();
    cache.expire(endpointRequest.key);
    page = await getPage();
  }
  if (page.limit < Math.min(limit, list.maxOffset - offset)) {
    cache.put(list.page(offset, page.limit), page, page.asOfMs, page.items.length);
    if (page.hasNext && smallPages.record(list, page)) throw new SmallerPageNeeded(page.limit);
  }
  lengths.record(list, page, startedMs);
  return page;
}

/** Reads pages again that are older than a change of the list, so that the pages of a window agree. @param times at most */
async function readOutdatedAgain<T extends Entity>(
  read: ListRead<T>,
  pages: readonly Page<T>[],
  slotRange: SlotRange,
  startedMs: number,
  times = 3,
): Promise<Page<T>[]> {
  const { list, limit, lengths } = read;
  const readAgain = (page: Page<T>): (Page<T> | Promise<Page<T>>)[] => {
    const { offset, limit: size } = page;
    const ownLimit = Math.min(limit, list.maxOffset - offset);
    if (lengths.isConsistent(list, page) || size < ownLimit) return [page];
    if (size === ownLimit) return [readPage(read, offset, startedMs)];
    // The page that came with the owner of the list is larger than the others. It may stay if no other page has items.
    if (pages.every((other) => other === page || isEmpty(other))) return [page];
    const slots = { start: Math.max(offset, slotRange.start), end: offset + size };
    return offsetsOf(slots, limit).map((start) => readPage(read, start, startedMs));
  };
  const newPages = await Promise.all(pages.flatMap(readAgain));
  const hasGrownAgain = newPages.some(({ total }) => pages.every((page) => total > page.total));
  return times > 1 && hasGrownAgain
    ? readOutdatedAgain(read, newPages, slotRange, startedMs, times - 1)
    : newPages;
}

type LengthRead = Pick<ListRead, 'list' | 'lengths' | 'fieldContext'>;

/** The length of a list; null if it is not known. The field is then at most as fresh as the length. */
function knownLengthOf({ list, lengths, fieldContext }: LengthRead): ListLength | null {
  const length = lengths.of(list);
  if (length) recordFreshness(fieldContext, length.freshUntilMs);
  return length;
}

/** The length that clients are shown; null if it is not known. */
export function shownLengthOf(read: LengthRead): number | Malformed | null {
  const length = knownLengthOf(read);
  return length && shownLength(length);
}
