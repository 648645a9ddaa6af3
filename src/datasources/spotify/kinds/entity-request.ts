import { embeddedIn, embeddedPageOf } from './embedded-objects.ts';
import { absentOn404, type Batch, type EndpointRequest } from './endpoint-request.ts';
import { kinds } from './index.ts';
import { expectArray, expectObject } from './json.ts';
import { type Entity, getKind, type KindDefinition, type KindRegistry } from './kind.ts';
import type { Market } from './markets.ts';
import { marketQuery, objectKey } from './object-key.ts';
import { isInRange, type SpotifyId } from './spotify-id.ts';

const itemBytes = 256_000; // an album with 50 tracks and all their market codes has some 110 KB
const leastBytes = 2_000_000;

/** The request for one object by its id. @param market ignored for kinds that are the same in every market */
export function byId<T extends Entity>(
  kind: KindDefinition<T>,
  id: SpotifyId,
  named: Market | null,
  registry: KindRegistry = kinds,
): EndpointRequest<T> {
  const { plural, freshMs } = kind;
  const market = kind.takesMarket ? named : null;
  const isPossible = isInRange(id);
  const options = { full: true, market, id: kind.isRelinkable ? undefined : id, kinds: registry };
  return {
    key: objectKey(registry, kind.name, id, market),
    request: { family: plural, path: `/${plural}/${id}`, query: withMarket({}, market) },
    freshMs,
    decode: (body) => kind.decode(body, options),
    // No object has an id out of range, which Spotify words as a mistake of the client.
    onErrorStatus: (answer) => (answer.status === 400 && !isPossible ? null : absentOn404(answer)),
    entityKey: { kind: kind.name, id, market },
    ...(isPossible && { batch: batchOf(kind, market), batchKey: id }),
    onNotModified: (object, asOfMs) => confirmedAt(object, asOfMs, registry),
    embeddedObjects: (object) => embeddedIn(object, registry),
  };
}

export const withMarket = (query: Record<string, string>, market: Market | null): Record<string, string> =>
  market === null ? query : { ...query, market };

function confirmedAt<T extends Entity>(object: T, asOfMs: number, registry: KindRegistry): T {
  const page = embeddedPageOf(object, registry);
  const key = getKind(registry, object.kind).embeddedPage?.key;
  return page && key ? { ...object, [key]: { ...page, asOfMs } } : object;
}

function batchOf({ plural, batchSize }: KindDefinition, market: Market | null): Batch {
  const itemsIn = (body: unknown) => expectArray(expectObject(body, 'answer')[plural], plural);
  return {
    key: `${plural}${marketQuery(market)}`,
    max: batchSize,
    feature: 'batch',
    request: (ids) => ({
      family: plural,
      path: `/${plural}`,
      query: withMarket({ ids: ids.join(',') }, market),
      maxBytes: Math.max(leastBytes, ids.length * itemBytes),
    }),
    isUsable: (body, ids) => {
      const items = (body as Partial<Record<string, unknown>> | null)?.[plural];
      return !Array.isArray(items) || items.length === ids.length;
    },
    // By position alone: an object may have another id than the requested one (relinking), with and without a link.
    part(body, index) {
      const item = itemsIn(body)[index] ?? null;
      return isNothing(item) ? null : item;
    },
  };
}

/** Whether Spotify has no such object: null, or the keys of a removed object with neither an id nor a name. */
function isNothing(item: unknown): boolean {
  if (item === null) return true;
  const { id, name } = item as Partial<Record<'id' | 'name', unknown>>;
  return id === null && name === null;
}
