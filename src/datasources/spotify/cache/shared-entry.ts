import { epochMs } from '../../../observability/clock.ts';
import type { EndpointRequest } from '../kinds/endpoint-request.ts';
import { isMalformed, MalformedResponse } from '../kinds/json.ts';
import { isLazyItems } from '../pagination/lazy-items.ts';
import type { FetchResult } from './fetch-result.ts';
import { type FreshnessOptions, freshnessFromNow } from './freshness.ts';
import type { Entry } from './memory.ts';
import type { ReadEntry, StoredEntry } from './redis-store.ts';

/** Converts between the entries of this process and those that the processes of an app share. */

/**
 * The entry that this process uses for a stored one; undefined if it cannot be used. It is used no longer than an entry
 * that this process would have read itself.
 */
export function entryFromStore(
  endpointRequest: EndpointRequest<unknown>,
  storedEntry: ReadEntry,
  options: FreshnessOptions,
): Entry | undefined {
  const { body, etag, bytes, isRepeated } = storedEntry;
  const longest = freshnessFromNow(body === null, options);
  const freshUntilMs = Math.min(storedEntry.freshUntilMs, longest.freshUntilMs);
  const usableUntilMs = Math.min(storedEntry.usableUntilMs, longest.usableUntilMs);
  const value = body === null ? null : decodeStored(endpointRequest, storedEntry);
  if (value === undefined || usableUntilMs <= epochMs()) return undefined;
  return { value, etag, bytes, freshUntilMs, usableUntilMs, isRepeated };
}

/**
 * The entry to share for a response; undefined if its JSON is not available.
 * @param storedEntry the entry that the response confirms, if that came from the store
 */
export function entryForStore(
  result: FetchResult,
  { value, etag, freshUntilMs, usableUntilMs, isRepeated = false }: Entry,
  storedEntry: StoredEntry | undefined,
): StoredEntry | undefined {
  const body = bodyOf(result, storedEntry);
  if (body === undefined) return undefined;
  const hasMalformedParts = !isDocumented(value);
  return { body, etag, asOfMs: epochMs(), freshUntilMs, usableUntilMs, hasMalformedParts, isRepeated };
}

function bodyOf(result: FetchResult, storedEntry: StoredEntry | undefined): unknown {
  if (result.status === 'found') return result.body;
  return result.status === 'absent' ? null : storedEntry?.body;
}

/**
 * The value of a stored entry; undefined where its body cannot be decoded. A malformed part is accepted only if Spotify
 * sent it so, which the entry states: otherwise Redis has changed the entry, and Spotify has the correct value.
 */
function decodeStored(
  endpointRequest: EndpointRequest<unknown>,
  { body, asOfMs, hasMalformedParts }: StoredEntry,
): unknown {
  try {
    const decoded = endpointRequest.decode(body);
    const value = endpointRequest.onNotModified
      ? endpointRequest.onNotModified(decoded, Math.min(asOfMs, epochMs()))
      : decoded;
    return hasMalformedParts || isDocumented(value) ? value : undefined;
  } catch (error) {
    if (error instanceof MalformedResponse) return undefined;
    throw error;
  }
}

/** Whether the value and all its parts are as documented. */
function isDocumented(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const parts = isLazyItems(value) ? value.all() : Object.values(value);
  return !isMalformed(value) && parts.every(isDocumented);
}
