import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Album } from '../../../../src/datasources/spotify/kinds/album.ts';
import { MalformedResponse } from '../../../../src/datasources/spotify/kinds/decoding/json.ts';
import { decodePage, type Page } from '../../../../src/datasources/spotify/kinds/decoding/page.ts';
import { kinds } from '../../../../src/datasources/spotify/kinds/index.ts';
import { cutWindow } from '../../../../src/datasources/spotify/pagination/cut-window.ts';
import type { WindowArgs } from '../../../../src/datasources/spotify/pagination/slots.ts';
import { type Body, readBody } from '../../../../src/datasources/spotify/transport/body.ts';
import { cursorAt, endless, letterPage, noArgs } from '../../../support/letter-pages.ts';
import { plainPage } from '../../../support/plain-objects.ts';

/** The part of the pages that a client gets; `paging.property.test.ts` tests whole lists. */

const stableList = { maxOffset: endless, hasStableTotal: true };

describe('a window', () => {
  const cut = (
    pages: Page<Album>[],
    span: [number, number],
    range: Partial<WindowArgs> = { first: span[1] - span[0] },
    isShortened = false,
  ) => {
    const {
      slots,
      last: _,
      ...rest
    } = cutWindow(
      { pages, isShortened },
      { start: span[0], end: span[1] },
      { ...noArgs, ...range },
      stableList,
      pages[0] ? { length: 100, end: null, reportedTotal: pages[0].total, isTotalMalformed: false } : null,
    );
    const line = slots.map(({ slot, item }) => `${slot}${'id' in item ? item.id : '!'}`).join(' ');
    return { line, ...rest };
  };

  test('a window has the items of its slots, each item once, and no null', () => {
    const pages = [letterPage(0, 'ab-ad'), letterPage(5, 'eafg'), letterPage(10, 'hijkl')];
    expect(cut(pages, [1, 12])).toEqual({
      ...{ line: '1b 4d 5e 6a 7f 8g 10h 11i', start: 1, end: 12 },
      ...{ length: 100, hasNext: true, hasPrevious: true },
    });
    expect(cut(pages, [0, 9]).line).toBe('0a 1b 4d 5e 7f 8g');
  });

  test('a window without pages has no items and no length', () => {
    const line = { line: '', start: 7, end: 7, length: null, hasNext: false, hasPrevious: true };
    expect(cut([], [7, 7])).toEqual(line);
  });

  test('a window ends at an empty page without `next`, and at the second of two empty pages', () => {
    const [full, later] = [letterPage(0, 'abcde'), letterPage(15, 'hijkl')];
    const ends = [
      [full, letterPage(5, '', { hasNext: false }), later],
      [full, letterPage(5, ''), letterPage(10, ''), later],
    ];
    for (const pages of ends) {
      expect(cut(pages, [0, 20])).toMatchObject({ line: '0a 1b 2c 3d 4e', hasNext: false });
    }
    expect(cut([full, letterPage(5, ''), letterPage(10, 'fghij')], [0, 15]).line).toContain('10f');
  });

  test('a shortened window ends with the last page that was read, and has a next page regardless of its total', () => {
    const pages = [letterPage(0, 'abcde'), letterPage(5, 'fg---', { total: 10, hasNext: true })];
    const shortened = { line: '3d 4e 5f 6g', start: 3, end: 10, hasNext: true };
    expect(cut(pages, [3, 20], undefined, true)).toMatchObject(shortened);
    expect(cut(pages, [3, 20], { last: 17 }, true)).toMatchObject(shortened);
  });

  test('a window has a next page if its last page has `next` or slots left, or is full with a larger total', () => {
    expect(cut([letterPage(0, 'abcde', { total: 5, hasNext: false })], [0, 5]).hasNext).toBe(false);
    expect(cut([letterPage(0, 'abcde', { total: 0, hasNext: true })], [0, 5]).hasNext).toBe(true);
    expect(cut([letterPage(0, 'abcde', { total: 5, hasNext: false })], [0, 4]).hasNext).toBe(true);
    expect(cut([letterPage(0, 'abcde', { total: 6, hasNext: false })], [0, 5]).hasNext).toBe(true);
    expect(cut([letterPage(0, 'abc', { total: 5, hasNext: false })], [0, 5]).hasNext).toBe(false);
    expect(cut([letterPage(5, '', { hasNext: true }), letterPage(10, '')], [5, 10]).hasNext).toBe(false);
    expect(cut([letterPage(5, '', { hasNext: true }), letterPage(10, 'ab')], [5, 10]).hasNext).toBe(true);
  });

  test('a window that reaches beyond a page without `next` has a next page only if that page is full and its total is larger', () => {
    const full = cut([letterPage(0, 'abcde', { total: 50, hasNext: false })], [0, 20]);
    expect([full.hasNext, full.end]).toEqual([true, 5]);
    expect(cut([letterPage(0, 'abcd', { total: 50, hasNext: false })], [0, 20]).hasNext).toBe(false);
  });

  test('a window has no gap and no item twice if one page overlaps the next', () => {
    const long = letterPage(0, 'abcdefgh', { limit: 8 });
    expect(cut([long, letterPage(5, 'fghij')], [0, 10]).line).toBe('0a 1b 2c 3d 4e 5f 6g 7h 8i 9j');
  });

  test('a window begins after the item of its cursor if the item has moved with the list', () => {
    const grown = [letterPage(0, 'xyabc', { total: 102 }), letterPage(5, 'defgh', { total: 102 })];
    expect(cut(grown, [2, 6], { first: 4, after: cursorAt(1, 'b') })).toMatchObject({
      line: '4c 5d',
      start: 4,
      end: 6,
    });
    const shrunk = [letterPage(0, 'cdefg', { total: 98 })];
    expect(cut(shrunk, [3, 5], { first: 2, after: cursorAt(2, 'c') })).toMatchObject({
      line: '1d 2e',
      start: 1,
      end: 3,
    });
  });

  test('a window begins after the item of its cursor although the item has moved behind the requested slots', () => {
    const grown = [letterPage(5, 'abcde', { total: 103 })];
    expect(cut(grown, [5, 7], { first: 2, after: cursorAt(4, 'c') })).toMatchObject({
      line: '8d 9e',
      end: 10,
    });
    const inLastSlot = cut(grown, [5, 7], { first: 2, after: cursorAt(4, 'e', 98) });
    expect(inLastSlot).toMatchObject({ line: '', hasNext: true, start: 9, end: 10 });
  });

  test('a window does not follow an equal entry if the item of its cursor is still in its slot', () => {
    const entries = Array.from('abacd', (id) => ({ id, isListEntry: true }) as unknown as Album);
    const shrunk = [letterPage(0, '', { items: entries, total: 90 })];
    expect(cut(shrunk, [3, 5], { first: 2, after: cursorAt(2, 'a') }).line).toBe('3c 4d');
  });

  test('a window does not follow an item that has moved farther than the list has grown, or that is missing', () => {
    const elsewhere = [letterPage(0, 'xcbac', { total: 101 })];
    expect(cut(elsewhere, [2, 4], { first: 2, after: cursorAt(1, 'a') })).toMatchObject({
      start: 2,
      line: '2b',
    });
    expect(cut(elsewhere, [2, 4], { first: 2, after: cursorAt(1, 'q') })).toMatchObject({
      start: 2,
      line: '2b 3a',
    });
  });

  test('a window does not follow a repetition of its cursor item against the direction in which the list has moved', () => {
    const shrunk = [letterPage(5, 'cdefa', { total: 90 })];
    expect(cut(shrunk, [5, 10], { first: 5, after: cursorAt(4, 'a') }).line).toBe('5c 6d 7e 8f');
    const grown = [letterPage(0, 'abcde', { total: 110 })];
    expect(cut(grown, [3, 5], { first: 2, after: cursorAt(2, 'a') }).line).toBe('3d 4e');
  });

  test('a window has a malformed item in its slot', () => {
    const broken = letterPage(0, 'ab', { items: [{ malformed: 'album.name' }, { malformed: 'album.name' }] });
    expect(cut([broken], [0, 5]).line).toBe('0! 1!');
  });
});

describe('a page whose items are decoded when they are read', () => {
  const idOf = (letter: string) => letter.padStart(22, '0');

  /** A page decoded from JSON: `-` is null, and a capital letter is an album without a name, which is malformed. */
  function textPage(letters: string): Page<Album> {
    const items = Array.from(letters, (letter) =>
      letter === '-' ? null : { id: idOf(letter.toLowerCase()), ...(letter > 'Z' && { name: letter }) },
    );
    const { json } = readBody(Buffer.from(JSON.stringify(plainPage(items, { limit: 5 })))) as Body;
    return decodePage(json, { offset: 0, limit: 5, market: null, kinds }, (item) => {
      const { id, name } = item as { id: string; name?: string };
      if (name === undefined) throw new MalformedResponse('album.name');
      return { id, name } as unknown as Album;
    });
  }

  test('a window of a page is the same whether the items of the page have been decoded before or not', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '-'), maxLength: 5 });
    fc.assert(
      fc.property(letters, fc.nat(5), fc.nat(5), (all, start, size) => {
        const page = textPage(all);
        const window = () =>
          cutWindow(
            { pages: [page], isShortened: false },
            { start, end: start + size },
            { ...noArgs, first: size },
            stableList,
            null,
          );
        const notDecoded = JSON.stringify(window());
        for (let i = 0; i < page.items.length; i += 1) page.items.at(i);
        expect(JSON.stringify(window())).toBe(notDecoded);
      }),
    );
  });

  test('a window has a valid item beside a malformed item with the same id', () => {
    const { slots } = cutWindow(
      { pages: [textPage('Aab')], isShortened: false },
      { start: 0, end: 3 },
      { ...noArgs, first: 3 },
      stableList,
      null,
    );
    expect(slots.map(({ slot, item }) => [slot, 'id' in item])).toEqual([
      [0, false],
      [1, true],
      [2, true],
    ]);
  });
});
