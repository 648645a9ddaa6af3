import { createHash } from 'node:crypto';
import {
  type CursorPosition,
  isMarket,
  type Market,
  type PageArgs,
  type PagedList,
} from '../../datasources/spotify/index.ts';
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
 * A cursor names a slot of one list, the item in it, and the market of the list. It depends on the key of the list and on
 * nothing that only one process knows, so that every process can read it. It is checked, not trusted.
 */
export interface Cursors {
  encode(mark: CursorPosition): string;
  /** @throws BadUserInput when the cursor is not one of ours, or belongs to another list */
  decode(cursor: string): CursorPosition;
}

const version = 1;
// Without the market in cursors of lists that have none, and in cursors of earlier versions.
const shape = /^1\.(\d{1,9})\.(\d{1,9})\.([0-9A-Za-z]{22})?\.([\w-]{11})(?:\.([A-Z]{2}))?$/;
const maxLength = 128;

/** @param list its key names its parent, groups, market and search text */
export function cursorsOf({ key, market }: Pick<PagedList<never>, 'key' | 'market'>): Cursors {
  const list = createHash('sha256').update(key).digest('base64url').slice(0, 11); // 66 bits

  return {
    encode: ({ slot, total, id }) =>
      Buffer.from(
        `${version}.${slot}.${total}.${id ?? ''}.${list}${market === null ? '' : `.${market}`}`,
      ).toString('base64url'),
    decode(cursor) {
      const { madeFor, market: named, ...mark } = parseCursor(cursor);
      if (madeFor === list && (named ?? market) === market) return mark;
      throw new BadUserInput('This cursor belongs to another list: keep parent and arguments the same.');
    },
  };
}

/**
 * Reads a cursor without knowing its list.
 * @throws BadUserInput when it is not one of ours
 */
export function parseCursor(cursor: string): CursorPosition & { madeFor: string; market: Market | null } {
  const text = cursor.length <= maxLength ? Buffer.from(cursor, 'base64url').toString('latin1') : '';
  const [, slot, total, id = null, madeFor, market = null] = shape.exec(text) ?? [];
  // Node also decodes invalid base64url, so only text that encodes to itself again is accepted.
  const isCanonical = Buffer.from(text, 'latin1').toString('base64url') === cursor;
  if (madeFor === undefined || !isCanonical || !(market === null || isMarket(market))) {
    throw new BadUserInput('Not a cursor of this API: take it from `pageInfo` or an edge.');
  }
  return { slot: Number(slot), total: Number(total), id, madeFor, market };
}
