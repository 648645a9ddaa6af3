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
      throw new BadUserInput(`\`first\` and \`last\` are 0 to ${maxSize}.`);
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
