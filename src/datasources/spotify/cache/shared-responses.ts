import { kinds } from '../kinds/index.ts';
import type { EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import { requestOfKey } from '../kinds/requests/request-of-key.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';
import type { DecodedResponse } from './decoded-response.ts';
import type { DeferredWrites } from './deferred-writes.ts';
import { embeddedKeys, type Form, simplifiedKey } from './embedded.ts';
import { asOfMs, type Entry, isFresh } from './entry.ts';
import type { Memory, MemoryOptions, WriteToMemory } from './memory.ts';
import type { Purges } from './purges.ts';
import {
  createEntryStore,
  entryForStore,
  entryFromStore,
  type ReadEntry,
  type StoredRequest,
} from './shared-entry.ts';

export type SharedResponses = ReturnType<typeof createSharedResponses>;

export interface SharedRead {
  endpointRequest: EndpointRequest;
  form: Form;
}

/** The responses that the processes of an app share in the store, with the objects inside them. */
export function createSharedResponses(
  store: Pick<SharedStore, 'getEntries' | 'setEntries'>,
  writes: DeferredWrites,
  memory: Memory,
  writeToMemory: WriteToMemory,
  options: MemoryOptions & { purges: Pick<Purges, 'isPurged'> },
) {
  const { registry = kinds, purges } = options;
  const entryStore = createEntryStore(store);

  const isPurged = ({ key }: EndpointRequest, { body, startedMs }: ReadEntry) =>
    purges.isPurged([key, body], startedMs);

  /**
   * Loads a stored entry into memory; undefined if it cannot be used, or an id in it was removed meanwhile.
   * @param isStoredWhileWaiting see `entryFromStore`
   */
  function loadEntry(request: EndpointRequest, storedEntry: ReadEntry, isStoredWhileWaiting?: boolean) {
    if (isPurged(request, storedEntry)) return undefined;
    const entry = entryFromStore(request, storedEntry, options, isStoredWhileWaiting);
    return entry && writeToMemory(request, entry);
  }

  /** Loads a stored entry into memory, unless memory has a later one. */
  function loadIfLater(request: EndpointRequest, storedEntry: ReadEntry | undefined): void {
    const cachedEntry = memory.get(request.key);
    if (!storedEntry || (cachedEntry && asOfMs(cachedEntry) >= storedEntry.asOfMs)) return;
    loadEntry(request, storedEntry);
  }

  /**
   * The stored entries of the reads. An object that has no fresh entry may have come with another response: then that
   * response is loaded into memory, with one more round trip to the store.
   */
  async function read(reads: readonly SharedRead[]): Promise<(ReadEntry | undefined)[]> {
    const entityCacheKeys = reads.map(entityCacheKeysOf);
    const { entries: storedEntries, containers } = await entryStore.get(
      reads.map(({ endpointRequest }) => endpointRequest.key),
      entityCacheKeys.flat(),
    );
    // A later response may contain an object whose own entry has a removed id.
    const entries = reads.map(({ endpointRequest }, i) => {
      const entry = storedEntries[i];
      return entry && !isPurged(endpointRequest, entry) ? entry : undefined;
    });
    const needed = entityCacheKeys.flatMap((keys, i) => (entries[i] && isFresh(entries[i]) ? [] : keys));
    const containerKeys = new Set(needed.flatMap((key) => containers.get(key) ?? []));
    const requests = [...containerKeys].flatMap((key) => requestOfKey(key, registry) ?? []);
    if (requests.length === 0) return entries;
    const found = await entryStore.get(requests.map(({ key }) => key));
    for (const [i, request] of requests.entries()) loadIfLater(request, found.entries[i]);
    return entries;
  }

  return {
    read,
    /** Loads the stored entries of the reads into memory. */
    async load(reads: readonly SharedRead[]): Promise<void> {
      const storedEntries = await read(reads);
      for (const [i, { endpointRequest }] of reads.entries()) loadIfLater(endpointRequest, storedEntries[i]);
    },
    loadEntry,
    /** Stores a response after the responses that have just arrived are served. */
    write(request: StoredRequest, result: DecodedResponse, entry: Entry): void {
      const { endpointRequest } = request;
      writes.enqueue(() => {
        const sharedEntry = entryForStore(request, result, entry);
        if (!sharedEntry) return;
        entryStore.set(
          endpointRequest.key,
          sharedEntry,
          embeddedKeys(endpointRequest, entry.value, registry),
        );
      });
    },
  };
}

/** The keys under which an object of another response serves the read. */
function entityCacheKeysOf({ endpointRequest: { key, entityKey }, form }: SharedRead): string[] {
  if (!entityKey) return [];
  return form === 'any' ? [key, simplifiedKey(key)] : [key];
}
