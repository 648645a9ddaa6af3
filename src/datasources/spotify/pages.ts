import { UpstreamBadResponse } from '../../errors.ts';
import { type Access, LimitRefused } from './access.ts';
import { type Asker, noteFreshness } from './asker.ts';
import { epochMs } from './clock.ts';
import { createLengths } from './lengths.ts';
import type { List } from './lists.ts';
import type { Reads } from './reads.ts';
import type { SpotifyObject } from './types.ts';
import {
  offsetsBehind,
  offsetsOf,
  pushedTo,
  type Range,
  type Span,
  spanOf,
  standsAt,
  type Window,
  windowOf,
} from './windows.ts';

/** Turns a client's window into full, aligned pages, each asked at most once and shared by all windows. */
export interface Pages {
  /** The part of a list that a range means; null when there is no such list. */
  window<T extends SpotifyObject>(list: List<T>, range: Range, asker: Asker): Promise<Window<T> | null>;
  /** The length of a list as Spotify tells it; null when there is no such list. */
  total<T extends SpotifyObject>(list: List<T>, asker: Asker): Promise<number | null>;
  /** How often a list, or a page of one, has been proven outdated. */
  changes(): number;
}

export interface PagesDependencies {
  reads: Reads;
  access: Access;
  /** How long what is known of a list's length holds. */
  freshMs: number;
}

export function createPages({ reads, access, freshMs }: PagesDependencies): Pages {
  let changes = 0;
  const noteChange = () => {
    changes += 1;
  };
  const lengths = createLengths(freshMs, noteChange);

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
    if (pages === null) return null;
    const further = pushedTo(pages, range, list.reach);
    const there = further && (await pagesOf(list, further, limit, asker));
    return there && range.after && standsAt(there, further.start, range.after)
      ? windowOf(there, { start: further.start + 1, end: further.end }, range, list.reach)
      : windowOf(pages, span, range, list.reach);
  }

  /** The pages that cover a span, as far as the list goes; null when there is no such list. */
  async function pagesOf<T extends SpotifyObject>(list: List<T>, span: Span, limit: number, asker: Asker) {
    if (span.start === span.end) return [];
    const startedMs = epochMs();
    const read = (offset: number) => pageAt(list, offset, limit, startedMs, asker);
    const offsets = offsetsOf(span, limit);
    const length = lengthOf(list, asker);
    const opening = offsets[0] === 0 ? await list.opening?.(asker) : undefined;
    if (opening) lengths.learn(list, opening, startedMs);

    // Alone: what it says of the length spares calls that would find nothing.
    const first = opening !== undefined || length !== null ? opening : await read(offsets[0] ?? 0);
    if (first === null) return null;
    const rest = first
      ? offsetsBehind(first, span, limit, list.reach)
      : offsets.filter((offset) => offset < (length ?? 0));
    const pages = [...(first ? [first] : []), ...(await Promise.all(rest.map(read)))];
    if (pages[0] === null) return null;
    if (!pages.every((page) => page !== null)) throw lostPage();
    // A page held from before the list changed is read anew, so that the window is of one piece.
    return Promise.all(
      pages.map(async (page) => (lengths.agrees(list, page) ? page : ((await read(page.offset)) ?? page))),
    );
  }

  async function pageAt<T extends SpotifyObject>(
    list: List<T>,
    offset: number,
    limit: number,
    startedMs: number,
    asker: Asker,
  ) {
    const items = Math.min(limit, list.reach - offset);
    const resource = list.page(offset, items);
    let page = await reads.get(resource, asker);
    if (page && !lengths.agrees(list, page)) {
      noteChange();
      reads.expire(resource.key);
      page = await reads.get(resource, asker);
    }
    if (page === null) return null;
    if (page.limit < items) {
      access.clamp(list.endpoint, page.limit);
      reads.put(list.page(offset, page.limit), page);
      throw new LimitRefused();
    }
    lengths.learn(list, page, startedMs);
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

  return { window, total, changes: () => changes };
}

const lostPage = () => new UpstreamBadResponse('Spotify lost a page of a list.');
