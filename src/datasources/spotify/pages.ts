import { UpstreamBadResponse } from '../../errors.ts';
import { type Access, LimitRefused } from './access.ts';
import { type Asker, noteFreshness } from './asker.ts';
import { epochMs } from './clock.ts';
import { createLengths } from './lengths.ts';
import type { List } from './lists.ts';
import type { Reads } from './reads.ts';
import type { Page, SpotifyObject } from './types.ts';
import { goesOn, offsetsOf, type Range, type Span, spanOf, type Window, windowOf } from './windows.ts';

/** Turns a client's window into full, aligned pages, each asked at most once and shared by all windows. */
export interface Pages {
  /** The part of a list that a range means; null when there is no such list. */
  window<T extends SpotifyObject>(list: List<T>, range: Range, asker: Asker): Promise<Window<T> | null>;
  /** The length of a list as Spotify tells it; null when there is no such list. */
  total<T extends SpotifyObject>(list: List<T>, asker: Asker): Promise<number | null>;
}

export interface PagesDependencies {
  reads: Reads;
  access: Access;
  /** How long what is known of a list's length holds. */
  freshMs: number;
}

export function createPages({ reads, access, freshMs }: PagesDependencies): Pages {
  const lengths = createLengths(freshMs, reads.expire);

  async function window<T extends SpotifyObject>(list: List<T>, range: Range, asker: Asker) {
    for (;;) {
      try {
        return await windowAtCeiling(list, range, asker);
      } catch (error) {
        if (!(error instanceof LimitRefused)) throw error; // else the ceiling is lower now: cut anew
      }
    }
  }

  async function windowAtCeiling<T extends SpotifyObject>(list: List<T>, range: Range, asker: Asker) {
    const limit = access.ceiling(list.endpoint);
    let span = spanOf(range, lengthOf(list, asker), list.reach);
    if (span === null) {
      const length = await total(list, asker);
      if (length === null) return null;
      span = spanOf(range, length, list.reach) as Span;
    }
    const pages = await pagesOf(list, span, limit, asker);
    return pages && windowOf(pages, span, range, list.reach);
  }

  /** The pages that cover a span, as far as the list goes; null when there is no such list. */
  async function pagesOf<T extends SpotifyObject>(list: List<T>, span: Span, limit: number, asker: Asker) {
    const startedMs = epochMs();
    const read = (offset: number) => pageAt(list, offset, limit, asker);
    const offsets = offsetsOf(span, limit);
    const length = lengthOf(list, asker);
    const [opening = null, ...others] = offsets;
    if (opening === null) return [];

    const pages: (Page<T> | null)[] = [];
    let rest: number[];
    if (length === null || (opening === 0 && list.opening)) {
      // Alone: what it says of the length spares calls that would find nothing.
      const first = await read(opening);
      pages.push(first);
      const next = first === null ? 0 : first.offset + first.limit;
      rest =
        first && goesOn(first, list.reach)
          ? others.filter((offset) => offset >= next && offset < first.total)
          : [];
    } else {
      rest = offsets.filter((offset) => offset < length);
    }
    pages.push(...(await Promise.all(rest.map(read))));
    if (pages[0] === null) return null;
    if (!pages.every((page) => page !== null))
      throw new UpstreamBadResponse('Spotify lost a page of a list.');
    // A page held from before the list changed is read anew, so that the window is of one piece.
    return Promise.all(
      pages.map(async (page) =>
        page.asOfMs < startedMs && !lengths.agrees(list, page) ? ((await read(page.offset)) ?? page) : page,
      ),
    );
  }

  async function pageAt<T extends SpotifyObject>(
    list: List<T>,
    offset: number,
    limit: number,
    asker: Asker,
  ): Promise<Page<T> | null> {
    const opening = offset === 0 ? await list.opening?.(asker) : undefined;
    if (opening) lengths.learn(list, opening, null);
    if (opening !== undefined) return opening;

    const items = Math.min(limit, list.reach - offset);
    const resource = list.page(offset, items);
    let page = await reads.get(resource, asker);
    if (page && !lengths.agrees(list, page)) {
      reads.expire(resource.key);
      page = await reads.get(resource, asker);
    }
    if (page === null) return null;
    if (page.offset !== offset)
      throw new UpstreamBadResponse('Spotify answered with another page than asked.');
    if (page.limit < items) {
      access.clamp(list.endpoint, page.limit);
      reads.put(list.page(offset, page.limit), page);
      throw new LimitRefused();
    }
    lengths.learn(list, page, resource.key);
    return page;
  }

  /** The length of a list where it is known without asking. */
  function lengthOf<T extends SpotifyObject>(list: List<T>, asker: Asker): number | null {
    const known = lengths.of(list);
    if (known) noteFreshness(asker, known.freshUntilMs);
    return known?.total ?? null;
  }

  async function total<T extends SpotifyObject>(list: List<T>, asker: Asker): Promise<number | null> {
    const known = lengthOf(list, asker);
    if (known !== null) return known;
    const whole = { first: 1, last: null, after: null, before: null };
    return (await window(list, whole, asker))?.total ?? null;
  }

  return { window, total };
}
