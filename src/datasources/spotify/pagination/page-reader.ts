import { GatewayError, UpstreamQuotaExceeded } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { FeatureWithheld } from '../kinds/requests/endpoint-request.ts';
import { endOf, isEmpty } from './extent.ts';
import { knownLengthOf, type ListRead, readPage, requestAt } from './list-read.ts';
import { mayContinue, nextOffsets, offsetsOf, untilGap } from './pages.ts';
import type { SlotRange } from './slots.ts';
import { ListAbsent } from './withheld-lists.ts';

/** Pages in the order of their offsets, without a gap. */
export interface PageSequence<T> {
  pages: Page<T>[];
  /** Whether later pages are missing because the daily quota does not suffice for them. */
  isShortened: boolean;
}

interface ReadPagesOptions<T> {
  /** Pages that the same window has read before: they show the length of a list whose length is never fresh. */
  knownPages?: readonly Page<T>[];
  /** Whether the page that came with the owner of the list may be used; by default it may. */
  mayUseEmbedded?: boolean;
  /** No page that begins at this offset or behind it is read; by default the end of the list. */
  endOffset?: number;
}

/**
 * The pages that cover the slots, as far as the list goes; null if there is no such list. If the daily quota does not
 * suffice for all of them, the first ones.
 * @throws SmallerPageNeeded if Spotify pages the list in smaller pages
 * @throws UpstreamQuotaExceeded if the quota does not suffice for the first of the slots
 */
export async function readPages<T extends Entity>(
  read: ListRead<T>,
  slotRange: SlotRange,
  { knownPages = [], mayUseEmbedded = true, endOffset = read.list.maxOffset }: ReadPagesOptions<T> = {},
): Promise<PageSequence<T> | null> {
  let pages: Page<T>[] = [];
  let isShortened = false;
  if (slotRange.start === slotRange.end) return { pages, isShortened };
  const { list, limit, lengths, smallPages, fieldContext } = read;
  const startedMs = epochMs();
  if (
    mayUseEmbedded &&
    list.embeddedFirstPage &&
    slotRange.start < Math.max(limit, list.embeddedItems ?? 0)
  ) {
    const firstPage = await list.embeddedFirstPage(fieldContext);
    if (firstPage === null) return null;
    if (firstPage && isCurrentEnough(read, firstPage)) {
      lengths.record(list, firstPage, startedMs);
      pages.push(firstPage);
    }
  }
  while (!isShortened) {
    const known = knownLengthOf(read) ?? lengths.of(list, [...knownPages, ...pages]);
    const minLength = Math.max(known?.minLength ?? 0, read.minLength);
    const isReliable = known?.isReliable === true && !smallPages.hasSmallPage(list);
    const length = known && { ...known, minLength, isReliable };
    const offsets = nextOffsets(pages, slotRange, limit, length, endOffset, read.isBackward);
    if (offsets.length === 0) break;
    const nextPages = await readWithinQuota(read, offsets, pages, !pages.some(reaches(slotRange)), startedMs);
    pages = untilGap([...pages, ...nextPages.pages]);
    // Pages smaller than requested may end before the slot range: a window without slots is not a shortened window.
    isShortened = nextPages.isShortened && pages.some(reaches(slotRange));
  }
  return { pages: await readOutdatedAgain(read, pages, slotRange, startedMs), isShortened };
}

/** After a change of the list, an older page may lack the item of the cursor, and slots cannot be counted from the end in it. */
const isCurrentEnough = ({ list, lengths, isBackward, after }: ListRead, page: Page): boolean =>
  lengths.isConsistent(list, page) || (!isBackward && (after === null || after.total === page.total));

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
  (page: Page): boolean =>
    endOf(page) > start;

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
    // The page that came with the owner of the list is larger than the others. It stays if it is the only one with items and no
    // page shows another length: after the end of a list, the total may be 0.
    if (pages.every((other) => other === page || (isEmpty(other) && other.total === 0))) return [page];
    const slots = { start: Math.max(offset, slotRange.start), end: offset + size };
    return offsetsOf(slots, limit).map((start) => readPage(read, start, startedMs));
  };
  const newPages = await Promise.all(pages.flatMap(readAgain));
  const hasGrownAgain = newPages.some(({ total }) => pages.every((page) => total > page.total));
  return times > 1 && hasGrownAgain
    ? readOutdatedAgain(read, newPages, slotRange, startedMs, times - 1)
    : newPages;
}
