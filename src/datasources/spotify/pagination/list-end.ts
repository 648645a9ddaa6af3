import { UpstreamBadResponse, UpstreamQuotaExceeded } from '../../../errors.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { endOf } from './extent.ts';
import type { ListLength } from './lengths.ts';
import type { ListRead } from './list-read.ts';
import { readPages } from './page-reader.ts';

/**
 * How many pages are read beyond the planned ones to find the end of a list whose total is wrong. Enough for all results of a
 * Spotify search and for lists of some 200 pages, however large their totals are.
 */
const maxEndSearchPages = 16;
/** So many steps, which double, go back from the end by the total: most wrong totals are too large by a few pages. */
const maxBackSteps = 2;

interface EndSearch<T> {
  /** The pages that were read, in any order. */
  pages: Page<T>[];
  /** Whether the daily quota did not suffice to find the end. */
  isShortened: boolean;
}

/**
 * Reads pages until they show where the list ends, or that its total is right.
 * @param pages of the list that were read before
 * @throws UpstreamBadResponse if the end is too far away: then no slot can be counted from it
 */
export async function findEnd<T extends Entity>(
  read: ListRead<T>,
  pages: readonly Page<T>[],
): Promise<EndSearch<T>> {
  const { list, limit, lengths } = read;
  const foundPages: Page<T>[] = [];
  for (let attempt = 0; ; attempt += 1) {
    const length = lengths.of(list, [...pages, ...foundPages]);
    // A cursor refutes a total that ends the list in front of it: the list has had this slot.
    const isRefuted = read.after !== null && length !== null && read.after.slot >= length.length;
    if (!length || length.end !== null || (length.isReliable && !isRefuted))
      return { pages: foundPages, isShortened: false };
    if (Math.max(attempt, foundPages.length) >= maxEndSearchPages) {
      throw new UpstreamBadResponse(
        'Spotify reports wrong totals for this list, so its end is not known: page through it with `first`.',
      );
    }
    // A page smaller than requested may end between two multiples of the page size.
    const wasEmpty = foundPages.at(-1)?.items.length === 0;
    const start = Math.max(
      offsetToTry(length, { limit, maxOffset: list.maxOffset, attempt, wasEmpty }),
      length.filledUntil,
    );
    const isCovered = [...pages, ...foundPages].some((page) => page.offset <= start && start < endOf(page));
    // The embedded page may cover more slots than a later page of the list: it shows nothing new.
    const mayUseEmbedded = !isCovered;
    // An empty page is otherwise followed by the next one, which shows whether the list goes on behind it. Here further pages
    // are tried anyway, and the last one tried is the page behind the first empty one.
    const endOffset = start % limit === 0 ? Math.min(start + limit, list.maxOffset) : list.maxOffset;
    const slotRange = { start, end: start + limit };
    const triedPages = await readPages(read, slotRange, { mayUseEmbedded, endOffset }).catch(onlyQuotaError);
    if (triedPages instanceof UpstreamQuotaExceeded || !triedPages)
      return { pages: foundPages, isShortened: true };
    foundPages.push(...triedPages.pages);
  }
}

/** The error, if it states that the daily quota does not suffice; throws any other one. */
function onlyQuotaError(error: unknown): UpstreamQuotaExceeded {
  if (error instanceof UpstreamQuotaExceeded) return error;
  throw error;
}

interface Attempt {
  limit: number;
  maxOffset: number;
  /** The number of pages that were tried before. */
  attempt: number;
  /** Whether the page that was tried last had no items. */
  wasEmpty: boolean;
}

/**
 * The offset of a page between the last item and the end: first by the total. If that page is empty, in steps that go back
 * from it, then near the square root of the remaining pages, because the total may be larger by any factor; after a page with
 * items, in the middle. While no page is empty, in steps that go forward. If all pages before the first empty one are known,
 * the page behind that one shows whether the list goes on.
 */
function offsetToTry(
  { filledUntil, emptyFrom, maxLength, reportedTotal }: ListLength,
  { limit, maxOffset, attempt, wasEmpty }: Attempt,
): number {
  const aligned = (slot: number) => slot - (slot % limit);
  const firstOffset = aligned(filledUntil);
  const byTotal = aligned(Math.max(0, reportedTotal - 1));
  const upper = Math.min(maxLength ?? maxOffset, emptyFrom);
  if (emptyFrom <= filledUntil) return emptyFrom + limit;
  if (attempt === 0 && byTotal >= firstOffset && byTotal < upper) return byTotal;
  const step = limit * 2 ** attempt;
  if (upper === maxOffset) return aligned(Math.min(firstOffset + step - limit, maxOffset - 1));
  const remaining = upper - firstOffset;
  const middle = firstOffset + Math.floor(remaining / 2);
  if (attempt <= maxBackSteps) return aligned(Math.max(middle, upper - step));
  const root = firstOffset + limit * Math.floor(Math.sqrt(remaining / limit));
  return aligned(wasEmpty ? Math.min(root, middle) : middle);
}
