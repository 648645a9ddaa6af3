import { needsUserToken } from '../../transport/response-meaning.ts';
import { type BrowseListDefinition, categories } from '../browse-lists.ts';
import { type Category, decodeCategory, identifiedCategory } from '../category.ts';
import { expectObject } from '../decoding/json.ts';
import { decodePage } from '../decoding/page.ts';
import { simplifiedOptions } from '../decoding/values.ts';
import { kinds } from '../index.ts';
import type { Entity, KindRegistry } from '../kind.ts';
import { pathSegment } from '../spotify-id.ts';
import { type EndpointRequest, FeatureWithheld, isAbsent } from './endpoint-request.ts';
import { type PagedList, pagesAt } from './lists.ts';
import { throwIfWithheld } from './withheld.ts';

/** A list that belongs to no object of the catalogue. @param query parameters of its pages besides the window */
export function browseList<T extends Entity, O>(
  definition: BrowseListDefinition<T, O>,
  owner: O,
  query: Record<string, string> = {},
  registry: KindRegistry = kinds,
): PagedList<T> {
  const { key, on404, withheldField, identify } = definition;
  const pages = pagesAt(definition, {
    path: definition.path(owner),
    query,
    market: null,
    registry,
    decode(body, pageRequest) {
      const options = simplifiedOptions(pageRequest);
      const page = key === undefined ? body : expectObject(body, 'response')[key];
      return decodePage(page, pageRequest, (item) => definition.decodeItem(item, options), identify);
    },
  });
  return {
    ...pages,
    withheldField,
    mayBeAbsent: on404 === 'absent',
    page(offset, limit) {
      const page = pages.page(offset, limit);
      return {
        ...page,
        feature: { name: withheldField, object: pages.key },
        onErrorStatus(response) {
          // A list that has a later page exists: a 404 for that page is a fault.
          if (on404 === 'absent' && isAbsent(response)) return offset === 0 ? null : undefined;
          throwIfWithheld(response);
          if (on404 === 'withheld' && isAbsent(response)) throw new FeatureWithheld({ isExplicit: false });
          // The lists that have an owner contain playlists of users: Spotify may require the token of a user.
          if (on404 !== undefined && needsUserToken(response))
            throw new FeatureWithheld({ isExplicit: true });
          return page.onErrorStatus(response);
        },
      };
    },
  };
}

/** The request for one category. @param query its parameters */
export function categoryRequest(id: string, query: Record<string, string>): EndpointRequest<Category> {
  const path = `/browse/categories/${pathSegment(id)}`;
  const key = `${path}?${new URLSearchParams(query)}`;
  return {
    key,
    apiRequest: { family: categories.name, path, query },
    freshMs: categories.freshMs,
    decode: (body) => decodeCategory(identifiedCategory(body)),
    feature: { name: categories.withheldField, object: key },
    onErrorStatus(response) {
      if (isAbsent(response)) return null;
      throwIfWithheld(response);
      return undefined;
    },
    embeddedObjects: () => [],
  };
}
