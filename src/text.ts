/** Parts of messages and log lines. */

/** Such as `1 call` and `2 calls`. */
export const countText = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;

/** Such as `30 seconds`, `2 hours 5 minutes` with minutes rounded up, or, from ten hours, `about 24 hours`. */
export function durationText(seconds: number): string {
  if (seconds < 2 * 60) return countText(seconds, 'second');
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 2 * 60) return countText(minutes, 'minute');
  const remainingMinutes = minutes % 60;
  // The counts of a day are exact to some minutes, so the times of one quota would differ by minutes.
  if (minutes >= 10 * 60 && remainingMinutes > 0)
    return `about ${countText(Math.round(minutes / 60), 'hour')}`;
  const hours = countText(Math.floor(minutes / 60), 'hour');
  return remainingMinutes === 0 ? hours : `${hours} ${countText(remainingMinutes, 'minute')}`;
}

/** The text; of a longer one, its beginning with an ellipsis. @param maxCharacters of the result */
export const shortened = (text: string, maxCharacters: number): string =>
  text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`;

/** The length of a value that a message quotes, with the ellipsis. */
export const maxQuotedCharacters = 101;
