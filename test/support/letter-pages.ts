import type { Album } from '../../src/datasources/spotify/kinds/album.ts';
import type { Page } from '../../src/datasources/spotify/kinds/decoding/page.ts';
import type { CursorPosition, WindowArgs } from '../../src/datasources/spotify/pagination/slots.ts';

/** Pages, cursors and arguments for the tests of paging. */

export const endless = Number.POSITIVE_INFINITY;
export const noArgs: WindowArgs = { first: null, last: null, after: null, before: null };
export const cursorAt = (slot: number, id: string | null = null, total = 100): CursorPosition => ({
  slot,
  id,
  total,
});

/** A page of albums, named by letters; `-` is null. Slots that the text does not reach are missing. */
export function letterPage(offset: number, letters: string, rest: Partial<Page<Album>> = {}): Page<Album> {
  const items = Array.from(letters, (id) => (id === '-' ? null : ({ id } as unknown as Album)));
  return { offset, limit: 5, total: 100, totalSource: 'sent', hasNext: true, asOfMs: 0, items, ...rest };
}
