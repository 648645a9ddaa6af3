/** Spotify's longest back-offs are a day; and a timer of more than 2^31 ms would fire at once. */
export const maxRetryAfterMs = 24 * 3_600_000;
/** A longer wait is reported to the client instead. */
export const maxWaitInRequestMs = 2_000;

/**
 * The wait of a Retry-After header in milliseconds; null if it has no usable value.
 * Spotify sends whole seconds; the date form of RFC 9110 is accepted too. If a proxy has added a header of its own, the
 * longest wait counts.
 */
export function retryAfterMs(header: string | null, nowEpochMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = wholeNumbers.test(text)
    ? Math.max(...text.split(',').map(Number)) * 1000
    : parseDate(text) - nowEpochMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), maxRetryAfterMs);
}

const wholeNumbers = /^\d+(?:\s*,\s*\d+)*$/;

/** Every form of an HTTP date begins with the day of the week; without that check `-5` would be a date too. */
const parseDate = (text: string): number => (/^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN);
