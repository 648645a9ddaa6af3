import { type BrowseListDefinition, browseLists } from '../browse-lists.ts';
import { kinds } from '../index.ts';
import { type Entity, findKind, type KindRegistry } from '../kind.ts';
import { isMarket, type Market } from '../markets.ts';
import { isBareId, isPathSegment } from '../spotify-id.ts';
import { browseList } from './browse.ts';
import { byId, type EndpointRequest } from './endpoint-request.ts';
import { pagedList, unpagedList } from './lists.ts';
import { searchResults } from './search.ts';

/** The request that has this key in the caches; null if no request of the registry has it. */
export function requestOfKey(key: string, registry: KindRegistry = kinds): EndpointRequest | null {
  const [path = '', search = ''] = key.split('?');
  const { market: marketText = '', ...query } = Object.fromEntries(new URLSearchParams(search));
  const parts = { path, query, market: isMarket(marketText) ? marketText : null };
  const requests = path.startsWith('/') ? listsLike(parts, registry) : objectsLike(parts, registry);
  return requests.find((request) => request.key === key) ?? null;
}

interface KeyParts {
  path: string;
  market: Market | null;
  query: Record<string, string>;
}

function objectsLike({ path, market }: KeyParts, registry: KindRegistry): EndpointRequest[] {
  const [name, id = ''] = path.split('/');
  const kind = findKind(registry, name);
  return kind && isBareId(id) ? [erased(byId(kind, id, market, registry))] : [];
}

function listsLike({ path, market, query }: KeyParts, registry: KindRegistry): EndpointRequest[] {
  const { limit, offset, q = '', type, ...filter } = query;
  const page = [Number(offset), Number(limit)] as const;
  const searchedKind = findKind(registry, type);
  if (searchedKind) return [erased(searchResults(searchedKind, q, market, registry).page(...page))];
  const owner = decodedSegment(path.split('/').at(-2));
  const ofBrowseLists = browseLists.flatMap((list: BrowseListDefinition<Entity>) =>
    list.ownerOf && !isPathSegment(owner)
      ? []
      : erased(browseList(list, list.ownerOf?.(owner), filter, registry).page(...page)),
  );
  if (!isBareId(owner)) return ofBrowseLists;
  const ofObjects = Object.values(registry).flatMap(({ pagedLists, unpagedLists }) => [
    ...pagedLists.map((list) => {
      const listFilter = list.filterIn?.(filter) as never; // of the type that `list` takes, which the registry does not state
      return erased(pagedList(list, owner, listFilter, market, registry).page(...page));
    }),
    ...unpagedLists.map((list) => erased(unpagedList(list, owner, market, registry))),
  ]);
  return [...ofObjects, ...ofBrowseLists];
}

/** The text of a segment of a path; empty if the segment is not encoded as in a URL. */
function decodedSegment(segment = ''): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}

const erased = <T>(request: EndpointRequest<T>) => request as EndpointRequest;
