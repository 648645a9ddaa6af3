import { gzipSync } from 'node:zlib';
import { epochMs } from '../../../observability/clock.ts';
import { isDocumented } from '../kinds/decoding/lazy-items.ts';
import type { EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import { maxEntryBytes, type SharedStore } from '../shared-state/shared-store.ts';
import { acceptLanguage } from '../transport/api-client.ts';
import { readBody, unpack } from '../transport/body.ts';
import type { DecodedResponse } from './decoded-response.ts';
import { ageOf, ageOfAbsence, asOfMs, type Entry, type FreshnessOptions } from './entry.ts';

/** A response of Spotify as the processes of an app share it: its JSON, which each process decodes again. */
export interface StoredEntry {
  /** The JSON that `EndpointRequest.decode` reads; null: Spotify has no such object. */
  body: unknown;
  etag: string | null;
  /** When Spotify gave or confirmed it, in milliseconds of the epoch, as the other times. */
  asOfMs: number;
  /** When its request began: the response may lack a change that Spotify made later. */
  startedMs: number;
  freshUntilMs: number;
  usableUntilMs: number;
  /** Whether parts of the response were malformed when it was read from Spotify. */
  hasMalformedParts: boolean;
  /** See `Entry.isRepeated`. */
  isRepeated: boolean;
}

/** An entry of the store, in which only the outline is checked, and its size in bytes. */
export type ReadEntry = StoredEntry & { bytes: number };

export interface StoredEntries {
  /** One for each key, undefined where there is none. */
  entries: (ReadEntry | undefined)[];
  /** By the key of an object the key of the response that contains it: untrusted, and the response may have changed. */
  containers: ReadonlyMap<string, string>;
}

const plainBytes = 1_000; // a longer text is compressed: to an eighth, in some 50 µs
const maxTextBytes = 1_000_000; // five times a page of 50 tracks with their albums
const maxContainerBytes = 4_000; // of the key of a response: the longest search has some 2,400, in a URL's encoding
const awaitedMs = 1_000; // within which the processes that wait for an entry read it, even if it may not be cached
const maxObjects = 500; // of a response: 50 tracks with their albums and artists have some 200
const etagPattern = /^[\x21-\x7e]{1,200}$/; // it is sent to Spotify as a header

/** Entries in the store, which is as untrusted as Spotify: a value that cannot be read is a miss of its own key. */
export function createEntryStore(store: Pick<SharedStore, 'getEntries' | 'setEntries'>) {
  const nameOf = (key: string) => `${acceptLanguage}:${key}`;
  const containerNameOf = (cacheKey: string) => nameOf(`in:${cacheKey}`);
  return {
    /** @param entityCacheKeys keys of objects that may have come with another response */
    async get(keys: readonly string[], entityCacheKeys: readonly string[] = []): Promise<StoredEntries> {
      const names = [...keys.map(nameOf), ...entityCacheKeys.map(containerNameOf)];
      const values = await store.getEntries(names);
      const containers = new Map<string, string>();
      for (const [i, cacheKey] of entityCacheKeys.entries()) {
        const value = values[keys.length + i];
        if (value && value.byteLength <= maxContainerBytes) containers.set(cacheKey, value.toString());
      }
      return { entries: keys.map((key, i) => decodeEntry(values[i] ?? null, key)), containers };
    },
    /** @param entityCacheKeys keys of the objects in the response; with `get` they lead to it as long as it is stored */
    set(key: string, entry: StoredEntry, entityCacheKeys: readonly string[] = []): void {
      const lifeMs = Math.max(Math.floor(entry.usableUntilMs - epochMs()), awaitedMs);
      const value = encodeEntry(key, entry);
      if (!value) return;
      const container = Buffer.from(key);
      const referencedKeys =
        container.byteLength <= maxContainerBytes ? entityCacheKeys.slice(0, maxObjects) : [];
      store.setEntries([
        { key: nameOf(key), value, lifeMs },
        ...referencedKeys.map((cacheKey) => ({ key: containerNameOf(cacheKey), value: container, lifeMs })),
      ]);
    },
  };
}

/**
 * The entry that this process uses for a stored one; undefined if it cannot be used. It is used no longer than an entry
 * that this process would have read itself.
 * @param isStoredWhileWaiting whether another process has stored it while this one waited: then it is used once, even if it may
 * not be cached
 */
export function entryFromStore(
  endpointRequest: EndpointRequest,
  storedEntry: ReadEntry,
  options: FreshnessOptions,
  isStoredWhileWaiting = false,
): Entry | undefined {
  const { body, etag, bytes, isRepeated } = storedEntry;
  const sentMs = Math.min(storedEntry.asOfMs, epochMs()); // the clock of another process may be ahead
  // Thrift may have extended the freshness of an absence; by how much is not known here.
  const longest =
    body === null ? ageOfAbsence(options, 1, sentMs) : ageOf(endpointRequest.freshMs, options, sentMs);
  const freshUntilMs = Math.min(storedEntry.freshUntilMs, longest.freshUntilMs);
  const usableUntilMs = Math.min(storedEntry.usableUntilMs, longest.usableUntilMs);
  const value = body === null ? null : decodeStored(endpointRequest, storedEntry);
  if (value === undefined || (usableUntilMs <= epochMs() && !isStoredWhileWaiting)) return undefined;
  const freshMs = Math.max(0, freshUntilMs - sentMs);
  return { value, etag, bytes, freshMs, freshUntilMs, usableUntilMs, isRepeated };
}

/** A request whose response is stored. */
export interface StoredRequest {
  endpointRequest: EndpointRequest;
  /** The entry of the store that is stored again if Spotify confirms it. */
  storedEntry: ReadEntry | undefined;
  /** When it began, in milliseconds of the epoch. */
  startedMs: number;
}

/** The entry to share for a response; undefined if its JSON is not available. */
export function entryForStore(
  { storedEntry, startedMs }: StoredRequest,
  result: DecodedResponse,
  entry: Entry,
): StoredEntry | undefined {
  const body = bodyOf(result, storedEntry);
  if (body === undefined) return undefined;
  const { value, etag, freshUntilMs, usableUntilMs, isRepeated = false } = entry;
  const hasMalformedParts = !isDocumented(value);
  const times = { asOfMs: asOfMs(entry), startedMs, freshUntilMs, usableUntilMs };
  return { body, etag, ...times, hasMalformedParts, isRepeated };
}

function bodyOf(result: DecodedResponse, storedEntry: StoredEntry | undefined): unknown {
  if (result.status === 'found') return result.body;
  return result.status === 'absent' ? null : storedEntry?.body;
}

/**
 * The value of a stored entry; undefined where its body cannot be decoded. A malformed part is accepted only if Spotify
 * sent it so, which the entry states: otherwise the entry was changed in the store, and Spotify has the correct value.
 */
function decodeStored(
  endpointRequest: EndpointRequest,
  { body, asOfMs: storedAsOfMs, hasMalformedParts }: StoredEntry,
): unknown {
  try {
    const decoded = endpointRequest.decode(body);
    const value = endpointRequest.onNotModified
      ? endpointRequest.onNotModified(decoded, Math.min(storedAsOfMs, epochMs()))
      : decoded;
    return hasMalformedParts || isDocumented(value) ? value : undefined;
  } catch {
    return undefined; // after any error: the store is untrusted, and Spotify has the correct value
  }
}

/** The entry with its key, so that the value of another key is not taken for it; null where it is too long. */
function encodeEntry(key: string, entry: StoredEntry): Buffer | null {
  const text = Buffer.from(JSON.stringify({ key, ...entry }));
  const value = text.byteLength < plainBytes ? text : gzipSync(text, { level: 1 });
  return text.byteLength > maxTextBytes || value.byteLength > maxEntryBytes ? null : value;
}

function decodeEntry(value: Buffer | null, key: string): ReadEntry | undefined {
  if (value === null) return undefined;
  const text = value[0] === '{'.charCodeAt(0) ? value : unpackedOrNull(value);
  const parsed = text && readBody(text);
  if (!parsed) return undefined;
  const json = (parsed.json ?? {}) as Json;
  const { key: ownKey, body, etag, asOfMs, startedMs = asOfMs, freshUntilMs, usableUntilMs } = json;
  const times = { asOfMs, startedMs, freshUntilMs, usableUntilMs };
  if (ownKey !== key || body === undefined || !areNumbers(times)) return undefined;
  return {
    body,
    etag: typeof etag === 'string' && etagPattern.test(etag) ? etag : null,
    ...times,
    hasMalformedParts: json.hasMalformedParts === true,
    isRepeated: json.isRepeated === true,
    bytes: parsed.bytes,
  };
}

type Json = Partial<Record<keyof StoredEntry | 'key', unknown>>;

const areNumbers = <K extends string>(values: Record<K, unknown>): values is Record<K, number> =>
  Object.values(values).every(Number.isFinite);

function unpackedOrNull(value: Buffer): Buffer | null {
  try {
    return unpack(value, maxTextBytes);
  } catch {
    return null; // not gzip
  }
}
