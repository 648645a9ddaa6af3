import type { Capabilities } from '../capabilities/capabilities.ts';
import { isObject } from '../kinds/embedded-objects.ts';
import type { EndpointRequest } from '../kinds/endpoint-request.ts';
import { type Entity, type KindRegistry, objectKey } from '../kinds/kind.ts';
import type { LazyItems } from '../pagination/lazy-items.ts';
import { isRelinked, withoutOtherMarket } from './embedded-index.ts';
import { isFresh } from './freshness.ts';
import type { Entry, Memory } from './memory.ts';

/** Stores an entry in memory together with the objects that its value contains, which then need no call. */
export type StoreEntry = (endpointRequest: EndpointRequest<unknown>, entry: Entry) => Entry;

export const embeddedBytes = 600; // a simplified object, which may stay longer than the response that contained it

export function createEntryWriter(
  memory: Memory,
  capabilities: Capabilities,
  registry: KindRegistry,
): StoreEntry {
  function storeEmbedded(object: Entity, { freshUntilMs, usableUntilMs }: Entry): void {
    if (isRelinked(object, registry)) return;
    const fullKey = objectKey(registry, object.kind, object.id, object.market);
    const key = object.full ? fullKey : simplifiedKey(fullKey);
    const cachedEntry = memory.get(key);
    if (cachedEntry && isFresh(cachedEntry)) return;
    const value = withoutOtherMarket(object, registry);
    memory.set(key, { value, etag: null, bytes: embeddedBytes, freshUntilMs, usableUntilMs });
  }

  return (endpointRequest, entry) => {
    const objects = new Set<Entity>(); // the tracks of an album contain the same artist many times
    const lists: LazyItems<Entity>[] = [];
    for (const part of entry.value === null ? [] : endpointRequest.embeddedObjects(entry.value)) {
      if (isObject(part)) objects.add(part);
      else lists.push(part);
    }
    memory.set(endpointRequest.key, entry, lists);
    for (const object of objects) {
      if (object.full) capabilities.observe(object);
      if (object !== entry.value) storeEmbedded(object, entry);
    }
    return entry;
  };
}

/** The key of the simplified form of an object. */
export const simplifiedKey = (key: string): string => `short/${key}`;
