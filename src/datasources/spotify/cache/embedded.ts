import { propertyOf } from '../../../json.ts';
import { isDocumented, isLazyItems, type LazyItems } from '../kinds/decoding/lazy-items.ts';
import { cacheKeyOf, type Entity, findKind, type KindRegistry } from '../kinds/kind.ts';
import { isEntity } from '../kinds/requests/embedded-objects.ts';
import type { EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import { idsIn, type SpotifyId } from '../kinds/spotify-id.ts';

/** Whether a read needs the full object, or a simplified object that came with another response is enough. */
export type Form = 'full' | 'any';

/** The key of the simplified form of an object. */
export const simplifiedKey = (key: string): string => `short/${key}`;

/** The objects in a response, with the one that was requested, and its lists of objects that are not decoded yet. */
export function partsOf({ embeddedObjects }: EndpointRequest, value: unknown) {
  const objects = new Set<Entity>(); // the tracks of an album contain the same artist many times
  const lists: LazyItems<Entity>[] = [];
  for (const part of value === null ? [] : embeddedObjects(value)) {
    if (isEntity(part)) objects.add(part);
    else lists.push(part);
  }
  return { objects, lists };
}

/** The keys of the objects that came with a response, each by its form. */
export function embeddedKeys(
  endpointRequest: EndpointRequest,
  value: unknown,
  registry: KindRegistry,
): string[] {
  const { objects, lists } = partsOf(endpointRequest, value);
  const decoded = [...objects].filter((object) => object !== value && servesReadById(object, registry));
  return [
    ...new Set([
      ...decoded.map((object) => embeddedKey(object, registry)),
      ...lists.flatMap(({ indexes }) => Array.from(indexes.keys(), simplifiedKey)),
    ]),
  ];
}

/** The key of an object that came with another response. */
export function embeddedKey({ kind, id, market, full }: Entity, registry: KindRegistry): string {
  const key = cacheKeyOf(registry, kind, id, market);
  return full ? key : simplifiedKey(key);
}

/**
 * Whether an object of another response serves a read of the object by its id. An object that Spotify sent in place of
 * another one does not. Neither does an object with an empty name or a malformed part, or without a required field: the
 * response to the read may be correct.
 */
export function servesReadById(object: Entity, kinds: KindRegistry): boolean {
  const kind = findKind(kinds, object.kind);
  const isReadable = propertyOf(object, 'name') !== '' && isDocumented(object);
  const isMissing = (field: string): boolean => (propertyOf(object, field) ?? null) === null;
  const isIncomplete =
    kind?.requiredFields?.some(isMissing) || (object.full && kind?.requiredIfFull?.some(isMissing));
  return isReadable && !isIncomplete && kind?.isRelinked?.(object) !== true;
}

/** Whether a text, or a text anywhere in a value of the cache, contains an id that is sought. */
export function containsId(value: unknown, isSought: (id: SpotifyId) => boolean): boolean {
  if (typeof value === 'string') return idsIn(value).some(isSought);
  if (typeof value !== 'object' || value === null) return false;
  const parts = isLazyItems(value) ? value.contents() : Object.values(value);
  return parts.some((part) => containsId(part, isSought));
}
