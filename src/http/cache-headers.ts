import { stringify } from '../json.ts';
import { epochMs } from '../observability/clock.ts';
import type { OperationResponse, ResultFreshness } from '../operation/operation-response.ts';
import { traceHeader } from '../operation/trace.ts';

/** The headers by which browsers and CDNs cache a response, and by which an operator removes it from a CDN. */

/** How long a response may be reused, and its `Cache-Tag`. */
export interface Reuse extends ResultFreshness {
  cacheTag: string;
}

/** `max-age=0` is for caches that read only `max-age`: Hive Gateway keeps a response without it for ever. */
export const noStore = { 'cache-control': 'no-store, max-age=0' } as const;

/**
 * The headers of the response to an operation. A cache may use it stale for as long as it was fresh, while it requests a
 * new one, and in place of an error for as long as the gateway would.
 * @param reuse null for a response that must not be reused
 */
export function cacheHeaders(reuse: Reuse | null): Record<string, string> {
  if (reuse === null) return noStore;
  const { freshUntilMs, usableUntilMs, cacheTag } = reuse;
  const freshSeconds = seconds(freshUntilMs - epochMs());
  if (freshSeconds <= 0) return noStore;
  const staleSeconds = Number.isFinite(usableUntilMs) ? seconds(usableUntilMs - freshUntilMs) : 0;
  const stale = `, stale-while-revalidate=${Math.min(freshSeconds, staleSeconds)}, stale-if-error=${staleSeconds}`;
  return {
    'cache-control': `public, max-age=${freshSeconds}${staleSeconds > 0 ? stale : ''}`,
    ...(cacheTag !== '' && { 'cache-tag': cacheTag }),
    vary: `accept, ${traceHeader}`,
  };
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

/**
 * Whether and how long an equal request may get this response.
 * @param key the key of the request in the response cache; null for a request whose response is never cached
 * @param text the body of the response
 * @returns null also for variables that are nested too deeply to be written
 */
export function reuseOf(
  key: string | null,
  { freshness }: OperationResponse,
  { query, variables }: { query: string; variables?: object | null | undefined },
  text: string,
): Reuse | null {
  if (key === null || freshness === null || epochMs() >= freshness.freshUntilMs) return null;
  const sentVariables = stringify(variables ?? {});
  if (sentVariables === null) return null;
  return { ...freshness, cacheTag: cacheTagOf([query, sentVariables, text]) };
}

const maxTags = 50; // CloudFront ignores further ones; with them the header has 1,149 bytes
const manyIds = 'many-ids';

/** The ids in these texts, separated by commas; `many-ids` if there are more than 50 of them. */
export function cacheTagOf(texts: readonly string[]): string {
  const ids = new Set<string>();
  for (const text of texts) {
    for (const [id] of text.matchAll(/\b[0-9A-Za-z]{22}\b/g)) {
      ids.add(id);
      if (ids.size > maxTags) return manyIds;
    }
  }
  return Array.from(ids).join(',');
}
