import type { Malformed } from './decoding/json.ts';
import type { Market } from './markets.ts';
import type { SpotifyId } from './spotify-id.ts';

/** Periods of freshness, in milliseconds: how soon a kind of data changes decides how often it is read again. */
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** The description of one kind of object; code outside `kinds/` uses only this to distinguish kinds. */
export interface KindDefinition<T extends Entity = Entity> {
  /** In URIs, in links and as Spotify's `type`. */
  name: T['kind'];
  /** The name of another kind that Spotify uses in URIs and links of this kind: audiobooks have URIs of shows. */
  uriKind?: string;
  /** The first segment of its paths, its endpoint family, and its key in batch and search responses. */
  plural: string;
  /** Whether Spotify's response depends on the market; if not, one cached object serves all markets. */
  takesMarket: boolean;
  /** Parameters of a read by id besides the market. */
  query?: Readonly<Record<string, string>>;
  /** The market of a request if no other market is known, for a kind that Spotify finds only with a market. */
  fallbackMarket?: Market;
  /** The market of a search that includes this kind if no market is known: without one, Spotify sends null as its results. */
  fallbackSearchMarket?: Market;
  /** Whether a bare id, which names no kind, is looked up as this kind too. */
  isFoundByBareId: boolean;
  /** Most ids of one call, for apps that have batch endpoints; 1 for a kind without one. */
  batchSize: number;
  /** How long an object is fresh in the cache, in milliseconds. */
  freshMs: number;
  /** Whether a search finds objects of this kind. */
  isSearchable: boolean;
  /** Whether search results are full objects, which replace calls by their ids. */
  isFullInSearch: boolean;
  /** An object of another response that lacks one of these fields serves no read by its id. */
  requiredFields?: readonly string[];
  /** A full object of another response that lacks one of these fields serves no read by its id. */
  requiredIfFull?: readonly string[];
  /** Fields that Spotify leaves out of full objects for apps in development mode, such as `Album.label`. */
  withheldFields: readonly string[];
  /** Other fields that Spotify leaves out together with one of those; an object may also have no value of them. */
  withheldWith?: Readonly<Record<string, string>>;
  /** Keys, in Spotify's JSON and in the decoded object alike, of the objects inside it. */
  embedded: readonly string[];
  /** The list of which the full object contains the first page. */
  embeddedPage?: EmbeddedPage;
  /** The lists whose items are of this kind, and the lists of its entries: the episodes of a show are a list of `episode`. */
  pagedLists: readonly PagedListDefinition<T | ListEntry, never>[];
  unpagedLists: readonly UnpagedListDefinition<T>[];
  /** @throws MalformedResponse without a readable id and name */
  decode(value: unknown, options: DecodeOptions): T;
  /** Whether Spotify sent this object in place of the requested one (relinking); left out if it never does for the kind. */
  isRelinked?(object: T): boolean;
  /** A simplified object of another response, with each value undefined that the full object may state differently. */
  withoutUncertainValues?(object: T): T;
}

/** The kinds by their names, in the order in which a bare id is looked up. */
export type KindRegistry = Readonly<Record<string, KindDefinition>>;

/** The values that every kind of object has. */
export interface Entity {
  kind: string;
  id: SpotifyId;
  /** The market of the request, which the objects inside inherit; null for a request without a market. */
  market: Market | null;
  /** Whether this is the full object. Spotify withholds from this app the fields that a full object lacks. */
  full: boolean;
  /** Whether only the id and the link are known, as of the track that another one replaces. */
  isReference?: boolean;
  /** Whether this is an entry. */
  isListEntry?: boolean;
}

/** An item of a list that is no object of the catalogue, but contains one. A list may have equal entries, with equal ids. */
export interface ListEntry extends Entity {
  isListEntry: true;
  /** The object; null if the entry contains none that can be read. */
  item: Entity | Malformed | null;
}

/** The form and the market in which an object was requested. */
export interface DecodeOptions {
  full: boolean;
  market: Market | null;
  /** The id of the request, if the response must have the same id. */
  id?: SpotifyId | undefined;
  /** Simplified objects of the same response by their ids: the fifty albums of a page have few artists between them. */
  simplified?: Map<unknown, Entity>;
  kinds: KindRegistry;
}

/** An endpoint that responds in pages. */
export interface PagedEndpointDefinition {
  /** Its endpoint family. */
  name: string;
  /** The page size limits that apps were seen to have, the largest first. */
  pageSizes: readonly number[];
  /** The page size limit in development mode. */
  developmentPageSize: number;
  /** Endpoints of one group have the same limit. */
  limitGroup?: string;
  /** How long a page is fresh in the cache, in milliseconds. */
  freshMs: number;
  /** The calls in 24 h after which apps in development mode were seen to be rejected. */
  presumedDailyLimit?: number;
  /** The end of the last slot that Spotify serves; by default only the length of a list ends it. */
  maxOffset?: number;
  /** Whether different totals on two pages mean that the list has changed; by default they do. */
  hasStableTotal?: boolean;
}

/** A list that Spotify pages. `F` is the filter that narrows it. */
export interface PagedListDefinition<T extends Entity, F = undefined> extends PagedEndpointDefinition {
  path(owner: SpotifyId): string;
  /** The market of the request if no other market is known. */
  fallbackMarket?: Market;
  /** Whether its items, or the objects in its entries, are full objects, which replace calls by their ids. */
  hasFullItems?: boolean;
  /** The field that Spotify may withhold from an app: then the list is null. */
  withheldField?: string;
  /** Whether Spotify may withhold the list of one owner and send that of another. */
  isWithheldPerOwner?: boolean;
  /** The item with an id, if Spotify gives it none; by default an item without an id is null. */
  identify?(item: unknown): unknown;
  query?(filter: F): Record<string, string>;
  /** The inverse of `query`: the filter of a query. */
  filterIn?(query: Record<string, string>): unknown;
  /** @param filter left out for a page that a full object contains */
  decodeItem(item: unknown, options: DecodeOptions, owner: SpotifyId, filter?: F): T;
}

/** A list without pages, which Spotify may withhold from an app. */
export interface UnpagedListDefinition<T extends Entity> {
  /** Its endpoint family. */
  name: string;
  path(owner: SpotifyId): string;
  /** The key of the items in the response. */
  key: string;
  /** How long the list is fresh in the cache, in milliseconds. */
  freshMs: number;
  /** Whether Spotify's response depends on the market; if not, the items get the market of the owner. */
  takesMarket: boolean;
  /** The market of the request if no other market is known. */
  fallbackMarket?: Market;
  decodeItem(item: unknown, options: DecodeOptions): T;
}

export interface EmbeddedPage {
  key: string;
  /** The name of the paged list. */
  list: string;
  limit: number;
  /** Whether the objects of a batch response contain the page too. If not, no object is read for its page alone. */
  isInBatches: boolean;
}

/** The kind with this name; undefined if the registry has none. */
export const findKind = (kinds: KindRegistry, name: unknown): KindDefinition | undefined =>
  typeof name === 'string' && Object.hasOwn(kinds, name) ? kinds[name] : undefined;

/** The kind with this name, of the type that the caller knows. @throws Error if there is none: a defect of the gateway */
export function getKind<T extends Entity = Entity>(kinds: KindRegistry, name: T['kind']): KindDefinition<T> {
  const kind = findKind(kinds, name);
  if (!kind) throw new Error(`The registry has no kind ${name}.`);
  return kind as KindDefinition<T>;
}

/** @throws Error if the registry has no list with this name, which is a defect of the gateway */
export function getList(kinds: KindRegistry, name: string): PagedListDefinition<Entity, never> {
  const list = Object.values(kinds)
    .flatMap(({ pagedLists }) => pagedLists)
    .find((other) => other.name === name);
  if (!list) throw new Error(`The registry has no list ${name}.`);
  return list;
}

/** The kinds as which a bare id is looked up, in this order. */
export const bareIdKinds = <T extends KindDefinition>(kinds: Readonly<Record<string, T>>): T[] =>
  Object.values(kinds).filter(({ isFoundByBareId }) => isFoundByBareId);

/** Whether Spotify calls objects of this kind by this name: in URIs, in links or as their `type`. */
export const isNamed = (
  { name, uriKind }: Pick<KindDefinition, 'name' | 'uriKind'>,
  kind: unknown,
): boolean => kind === name || (uriKind !== undefined && kind === uriKind);

/** The market of a request for an object. @param market null if none is known */
export const marketOfRequest = (
  { takesMarket, fallbackMarket }: Pick<KindDefinition, 'takesMarket' | 'fallbackMarket'>,
  market: Market | null,
): Market | null => (takesMarket ? (market ?? fallbackMarket ?? null) : null);

/** The key of an object in every cache; the key of an object that is the same in every market has no market. */
export const cacheKeyOf = (kinds: KindRegistry, kind: string, id: string, market: Market | null): string =>
  `${kind}/${id}${marketQuery(marketOfRequest(getKind(kinds, kind), market))}`;

export const marketQuery = (market: Market | null): string => (market === null ? '' : `?market=${market}`);
