import { type GatewayError, UpstreamBadResponse } from '../../../errors.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import { SmallerPageNeeded } from '../capabilities/page-sizes.ts';
import type { Malformed } from '../kinds/decoding/json.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import { type FieldContext, recordFreshness } from '../usage/field-context.ts';
import { type ListLength, type ListLengths, shownLength } from './lengths.ts';
import type { CursorPosition } from './slots.ts';
import type { SmallPages } from './small-pages.ts';
import { ListAbsent } from './withheld-lists.ts';

/** One read of the aligned pages of a list for one field. */
export interface ListRead<T extends Entity = Entity> {
  list: PagedList<T>;
  /** The page size. */
  limit: number;
  /** Whether the arguments have `last`: the slots are counted backward from `before` or from the end of the list. */
  isBackward: boolean;
  /** The cursor after which the window lies; null for none. */
  after: CursorPosition | null;
  /** How many slots the list has at least, because a cursor or another page has shown the last of them; 0 if not known. */
  minLength: number;
  fieldContext: FieldContext;
  /** The error of an earlier read of the window: only cached pages are read, however old; null while calls may be sent. */
  failure: GatewayError | null;
  cache: ReadThroughCache;
  lengths: ListLengths;
  smallPages: SmallPages;
  /** Counts a page that is older than the last change of its list. */
  recordInvalidation(): void;
}

/** The request for the page at an offset, with a page size that ends at `maxOffset` at the latest. */
export const requestAt = <T extends Entity>({ list, limit }: ListRead<T>, offset: number) =>
  list.page(offset, Math.min(limit, list.maxOffset - offset));

/** @param startedMs start of the read to which the page belongs, in milliseconds of the epoch */
export async function readPage<T extends Entity>(
  read: ListRead<T>,
  offset: number,
  startedMs: number,
): Promise<Page<T>> {
  const { list, limit, cache, lengths, smallPages, recordInvalidation, fieldContext, failure } = read;
  const endpointRequest = requestAt(read, offset);
  const getPage = async () => {
    const page = failure
      ? await cache.getAfterError(endpointRequest, failure, fieldContext)
      : await cache.get(endpointRequest, fieldContext);
    return page ?? throwAbsent(list, offset);
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

function throwAbsent({ mayBeAbsent, endpoint }: PagedList, offset: number): never {
  if (mayBeAbsent) throw new ListAbsent();
  // The requests of these lists treat no status as absence, so only a stored or batched response can be null.
  throw new UpstreamBadResponse(`There is no page of ${endpoint} at offset ${offset}.`);
}

type LengthRead = Pick<ListRead, 'list' | 'lengths' | 'fieldContext'>;

/** The length of a list; null if it is not known. The field is then at most as fresh as the length. */
export function knownLengthOf({ list, lengths, fieldContext }: LengthRead): ListLength | null {
  const length = lengths.of(list);
  if (length) recordFreshness(fieldContext, length.freshUntilMs);
  return length;
}

/** The length that clients are shown; null if it is not known. */
export function shownLengthOf(read: LengthRead): number | Malformed | null {
  const length = knownLengthOf(read);
  return length && shownLength(length);
}
