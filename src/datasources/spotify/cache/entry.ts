import { epochMs } from '../../../observability/clock.ts';
import type { EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import { freshnessFactor, type QuotaUse } from '../quota/daily/thrift.ts';
import type { DecodedResponse } from './decoded-response.ts';

/** The freshness of a cache entry; points in time are milliseconds of the epoch. */
export interface EntryAge {
  freshUntilMs: number;
  /** Length of its freshness, in milliseconds. */
  freshMs: number;
  usableUntilMs: number;
}

export interface Entry extends EntryAge {
  /** Null if Spotify has no such object. */
  value: unknown;
  etag: string | null;
  /** Length of the JSON text of the value, or an estimate of it; the value takes about twice as much memory. */
  bytes: number;
  /** Whether it replaced a fresh response with malformed items: then it is not read again while it is fresh. */
  isRepeated?: boolean;
}

export interface FreshnessOptions {
  /** One freshness for every response, in milliseconds; null: each kind and each list has its own. */
  freshMs: number | null;
  /** How long after the end of its freshness an entry may still be used, in milliseconds. Then it is deleted. */
  staleMs: number;
}

const absence = { value: null, etag: null, bytes: 0 };
const absentMs = 60_000; // an object that does not exist today may be released in a minute

export const isFresh = ({ freshUntilMs }: Pick<EntryAge, 'freshUntilMs'>): boolean =>
  epochMs() < freshUntilMs;

/** When Spotify sent or confirmed the response, in milliseconds of the epoch. */
export const asOfMs = ({ freshUntilMs, freshMs }: EntryAge): number => freshUntilMs - freshMs;

/**
 * The age of the entry for a response.
 * @param ownFreshMs the freshness of its kind or list, in milliseconds
 * @param sentMs when Spotify sent or confirmed it, in milliseconds of the epoch
 */
export function ageOf(ownFreshMs: number, options: FreshnessOptions, sentMs = epochMs()): EntryAge {
  const freshMs = options.freshMs ?? ownFreshMs;
  const freshUntilMs = sentMs + freshMs;
  return { freshUntilMs, freshMs, usableUntilMs: freshUntilMs + options.staleMs };
}

/**
 * The age of the entry for a response which states that there is no such object. It is never used stale, so thrift extends
 * its freshness from the start.
 * @param usedShare of the daily limit of its endpoint family
 */
export const ageOfAbsence = (
  { freshMs }: FreshnessOptions,
  usedShare: number,
  sentMs = epochMs(),
): EntryAge =>
  ageOf((freshMs ?? absentMs) * freshnessFactor(usedShare), { freshMs: null, staleMs: 0 }, sentMs);

/** The entry as one that must be read again, and is used only if Spotify cannot or should not be called. */
export const outdated = <T extends EntryAge>(entry: T): T => ({
  ...entry,
  freshUntilMs: asOfMs(entry),
  freshMs: 0,
});

/** The entry for a response. @param cachedEntry the entry that it replaces or confirms */
export function entryOf(
  endpointRequest: EndpointRequest,
  result: DecodedResponse,
  cachedEntry: Entry | undefined,
  options: FreshnessOptions & Pick<QuotaUse, 'usedShare'>,
): Entry {
  const isRepeated =
    cachedEntry !== undefined && isFresh(cachedEntry) && !isWhole(endpointRequest, cachedEntry);
  if (result.status === 'absent')
    return { ...absence, ...ageOfAbsence(options, options.usedShare), isRepeated };
  const age = ageOf(endpointRequest.freshMs, options);
  const { value, etag, bytes } = result.status === 'found' ? result : (cachedEntry ?? absence);
  const confirmed =
    result.status === 'unchanged' && value !== null
      ? (endpointRequest.onNotModified?.(value, epochMs()) ?? value)
      : value;
  return { value: confirmed, etag, bytes, ...age, isRepeated };
}

/** False if the total of a page, or an item that has been decoded, is not as documented. */
export const isWhole = (endpointRequest: EndpointRequest, { value }: Entry): boolean =>
  value === null || endpointRequest.isWhole?.(value) !== false;

/** The entry as of an earlier time, at which its freshness ended: its parts are not cached either. */
export function expiredAt(endpointRequest: EndpointRequest, entry: Entry, atMs: number): Entry {
  const value = entry.value && (endpointRequest.onNotModified?.(entry.value, atMs) ?? entry.value);
  return { ...entry, value, freshMs: 0, freshUntilMs: atMs, usableUntilMs: atMs };
}
