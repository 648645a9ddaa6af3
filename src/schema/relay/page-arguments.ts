import { createHash } from 'node:crypto';
import {
  type CursorPosition,
  isMarket,
  type Market,
  type PagedList,
  type WindowArgs,
} from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';

export const defaultWindowSize = 20;
export const maxWindowSize = 100;

export interface ConnectionArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/** @throws BadUserInput if the arguments are invalid */
export function parseWindowArgs(
  { first, last, after, before }: ConnectionArgs,
  decode: (cursor: string) => CursorPosition,
): WindowArgs {
  for (const size of [first, last]) {
    if (size != null && (size < 0 || size > maxWindowSize)) {
      throw new BadUserInput(`\`first\` and \`last\` must be from 0 to ${maxWindowSize}.`);
    }
  }
  if (first != null && last != null) throw new BadUserInput('Give `first` or `last`, not both.');
  return {
    first: last == null ? (first ?? defaultWindowSize) : null,
    last: last ?? null,
    after: after == null ? null : decode(after),
    before: before == null ? null : decode(before),
  };
}

/**
 * Parses the arguments, and checks that the cursors belong to the list.
 * @throws BadUserInput if the arguments are invalid, or a cursor belongs to another list
 */
export function windowArgsForList(
  list: CursorList & Pick<PagedList<never>, 'maxOffset'>,
  args: ConnectionArgs,
) {
  const windowArgs = parseWindowArgs(args, cursorsOf(list).decode);
  if (windowArgs.after && windowArgs.after.slot + 1 >= list.maxOffset) {
    throw new BadUserInput(
      `Spotify's search has no more than ${list.maxOffset} results: there is no further page.`,
    );
  }
  return windowArgs;
}

type CursorList = Pick<PagedList<never>, 'key' | 'market'>;

const version = 1;
// Slots and totals are integers of GraphQL, which have up to ten digits. Cursors of lists without a market, and cursors of
// earlier versions, have no market.
const cursorPattern = /^1\.(\d{1,10})\.(\d{1,10})\.([0-9A-Za-z]{22})?\.([\w-]{11})(?:\.([A-Z]{2}))?$/;
const maxCursorCharacters = 128;

/**
 * A cursor names a slot of one list, the item in it, and the market of the list. It depends on no state of a process, so
 * that every process can decode it. It is not signed: each part is checked.
 * @param list its key contains its parent, groups, market and search text
 */
export function cursorsOf({ key, market }: CursorList) {
  const listHash = createHash('sha256').update(key).digest('base64url').slice(0, 11); // 66 bits

  return {
    encode: ({ slot, total, id }: CursorPosition): string =>
      Buffer.from(
        `${version}.${slot}.${total}.${id ?? ''}.${listHash}${market === null ? '' : `.${market}`}`,
      ).toString('base64url'),
    /** @throws BadUserInput if the gateway did not make the cursor, or the cursor belongs to another list */
    decode(cursor: string): CursorPosition {
      const { listHash: cursorListHash, market: cursorMarket, ...position } = parseCursor(cursor);
      if (cursorListHash === listHash && (cursorMarket ?? market) === market) return position;
      throw new BadUserInput('This cursor belongs to another list: keep parent and arguments the same.');
    },
  };
}

/**
 * Reads a cursor without knowing its list.
 * @throws BadUserInput if the gateway did not make it
 */
export function parseCursor(cursor: string): CursorPosition & { listHash: string; market: Market | null } {
  const text =
    cursor.length <= maxCursorCharacters ? Buffer.from(cursor, 'base64url').toString('latin1') : '';
  const [, slot, total, id = null, listHash, market = null] = cursorPattern.exec(text) ?? [];
  // Node also decodes invalid base64url, so only text that encodes to itself again is accepted.
  const isCanonical = Buffer.from(text, 'latin1').toString('base64url') === cursor;
  if (listHash === undefined || !isCanonical || !(market === null || isMarket(market))) {
    throw new BadUserInput('Not a cursor of this API: take it from `pageInfo` or an edge.');
  }
  return { slot: Number(slot), total: Number(total), id, listHash, market };
}

/** Whether the fields that an operation selects of a connection need its items. */
export const needsItems = (selectedNames: ReadonlySet<string>): boolean =>
  ['edges', 'nodes', 'pageInfo'].some((field) => selectedNames.has(field));
