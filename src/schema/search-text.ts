import { BadUserInput } from '../errors.ts';

export const maxTextLength = 250; // Spotify refuses the 251st character

const invisible = /^[\s\p{C}]*$/u; // blanks, control characters and others without a shape, which find nothing

/** The text that is searched for. @throws BadUserInput if Spotify would reject it */
export function searchText(q: string): string {
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
