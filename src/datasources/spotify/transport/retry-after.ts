/** Spotify's longest blocks are a day; and a timer of more than 2^31 ms would fire at once. */
export const longestWaitMs = 24 * 3_600_000;

/**
 * The wait that a Retry-After header asks for, in milliseconds; null when it gives none that can be used.
 * Spotify sends whole seconds; the date form of RFC 9110 is understood too.
 */
export function retryAfterMs(header: string | null, nowEpochMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : dateOf(text) - nowEpochMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), longestWaitMs);
}

/** Every form of a date begins with its day of the week; without one `-5` would be a date too. */
const dateOf = (text: string): number => (/^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN);
