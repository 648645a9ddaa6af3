import { type Kind, kindNames, kinds } from '../datasources/spotify/index.ts';
import { BadUserInput } from '../errors.ts';
import { maxTextLength } from './argument-limits.ts';

/** The arguments of a search, as its resolver and its cost read them. */

const invisible = /^[\s\p{C}]*$/u; // blanks, control characters and others without a shape, which find nothing

/** The text that is searched for. @throws BadUserInput if Spotify would reject it */
export function parseSearchText(q: string): string {
  const text = q.trim();
  if (invisible.test(text) || text === '*')
    throw new BadUserInput('The search text `q` is empty: give a name, or a filter such as `artist:`.');
  if (text.length > maxTextLength) {
    throw new BadUserInput(
      `At most ${maxTextLength} characters can be searched for; these are ${text.length}.`,
    );
  }
  return text;
}

/** The kinds that a search asks for: by its argument `type`, and by its selection. */
export const searchedKinds = (
  type: readonly Kind[] | null | undefined,
  selectedNames: ReadonlySet<string>,
): readonly Kind[] =>
  (type ?? kindNames).filter((kind) => kinds[kind].isSearchable && selectedNames.has(kinds[kind].plural));

/** The kinds that are searched for together with one kind. A window with a cursor stays in its list. */
export const kindsTogether = (
  kind: Kind,
  searched: readonly Kind[],
  { after, before }: { after?: unknown; before?: unknown },
): readonly Kind[] => (after == null && before == null ? searched : [kind]);
