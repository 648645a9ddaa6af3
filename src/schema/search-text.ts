import { BadUserInput } from '../errors.ts';

export const maxTextLength = 250; // Spotify refuses the 251st character

/** The text that is searched for. @throws BadUserInput if Spotify would reject it */
export function searchText(q: string): string {
  const text = q.trim();
  if (text === '' || text === '*')
    throw new BadUserInput('The search text `q` is empty: give a name, or a filter such as `artist:`.');
  if (text.length > maxTextLength) {
    throw new BadUserInput(
      `At most ${maxTextLength} characters can be searched for; these are ${text.length}.`,
    );
  }
  return text;
}
