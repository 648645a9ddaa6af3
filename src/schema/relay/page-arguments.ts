import { createHash } from 'node:crypto';
import type { CursorPosition, PageArgs } from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';

export const defaultSize = 20;
export const maxSize = 100;

export interface PagingArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/** @throws BadUserInput when the arguments cannot be right */
export function rangeOf(
  { first, last, after, before }: PagingArgs,
  decode: (cursor: string) => CursorPosition,
): PageArgs {
  for (const size of [first, last]) {
    if (size != null && (size < 0 || size > maxSize)) {
      throw new BadUserInput(`\`first\` and \`last\` must be from 0 to ${maxSize}.`);
    }
  }
  if (first != null && last != null) throw new BadUserInput('Give `first` or `last`, not both.');
  return {
    first: last == null ? (first ?? defaultSize) : null,
    last: last ?? null,
    after: after == null ? null : decode(after),
    before: before == null ? null : decode(before),
  };
}

/**
 * A cursor names a slot of one list and the item in it. It depends on the key of the list and on nothing that only one
 * process knows, so that every process can read it. It is checked, not trusted.
 */
export interface Cursors {
  encode(mark: CursorPosition): string;
  /** @throws BadUserInput when the cursor is not one of ours, or belongs to another list */
  decode(cursor: string): CursorPosition;
}

const version = 1;
const shape = /^1\.(\d{1,9})\.(\d{1,9})\.([0-9A-Za-z]{22})?\.([\w-]{11})$/;
const maxLength = 128;

/** @param listKey names the list: its parent, groups, market, search text */
export function cursorsOf(listKey: string): Cursors {
  const list = createHash('sha256').update(listKey).digest('base64url').slice(0, 11); // 66 bits

  return {
    encode: ({ slot, total, id }) =>
      Buffer.from(`${version}.${slot}.${total}.${id ?? ''}.${list}`).toString('base64url'),
    decode(cursor) {
      const { madeFor, ...mark } = parseCursor(cursor);
      if (madeFor === list) return mark;
      throw new BadUserInput('This cursor belongs to another list: keep parent and arguments the same.');
    },
  };
}

/**
 * Reads a cursor without knowing its list.
 * @throws BadUserInput when it is not one of ours
 */
export function parseCursor(cursor: string): CursorPosition & { madeFor: string } {
  const text = cursor.length <= maxLength ? Buffer.from(cursor, 'base64url').toString('latin1') : '';
  const [, slot, total, id = null, madeFor] = shape.exec(text) ?? [];
  // Node also decodes invalid base64url, so only text that encodes to itself again is accepted.
  if (madeFor === undefined || Buffer.from(text, 'latin1').toString('base64url') !== cursor) {
    throw new BadUserInput('Not a cursor of this API: take it from `pageInfo` or an edge.');
  }
  return { slot: Number(slot), total: Number(total), id, madeFor };
}
