/** Spotify's longest back-offs are a day; and a timer of more than 2^31 ms would fire at once. */
export const maxRetryAfterMs = 24 * 3_600_000;

/**
 * The wait of a Retry-After header in milliseconds; null if it has no usable value.
 * Spotify sends whole seconds; the date form of RFC 9110 is accepted too.
 */
export function retryAfterMs(header: string | null, nowEpochMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDate(text) - nowEpochMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), maxRetryAfterMs);
}

/** Every form of an HTTP date begins with the day of the week; without that check `-5` would be a date too. */
const parseDate = (text: string): number => (/^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN);
