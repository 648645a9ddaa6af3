import { isWhole } from '../pagination/lazy-items.ts';
import { embeddedInItems } from './embedded-objects.ts';
import { type EndpointRequest, throwIfWithheld } from './endpoint-request.ts';
import { withMarket } from './entity-request.ts';
import { kinds } from './index.ts';
import { expectArray, expectObject, partOrNull, withId } from './json.ts';
import type { Entity, KindRegistry, ShortListDefinition } from './kind.ts';
import type { Malformed } from './malformed.ts';
import type { Market } from './markets.ts';
import { marketQuery } from './object-key.ts';
import type { SpotifyId } from './spotify-id.ts';

/** The request for a list without pages. @param market null for a list that is the same in every market */
export function shortList<T extends Entity>(
  { name, path, key, freshMs, decodeItem }: ShortListDefinition<T>,
  owner: SpotifyId,
  market: Market | null,
  registry: KindRegistry = kinds,
): EndpointRequest<(T | Malformed | null)[]> {
  const options = { full: true, market, kinds: registry };
  return {
    key: `${path(owner)}${marketQuery(market)}`,
    request: { family: name, path: path(owner), query: withMarket({}, market) },
    freshMs,
    decode: (body) =>
      expectArray(expectObject(body, 'answer')[key], key).map((item) =>
        partOrNull(withId(item), (present) => decodeItem(present, options)),
      ),
    // The list of an object that exists can be withheld, but not absent.
    onErrorStatus(answer) {
      throwIfWithheld(answer);
      return undefined;
    },
    isWhole,
    embeddedObjects: (items) => embeddedInItems(items, registry),
  };
}
