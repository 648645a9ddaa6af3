import type { Catalogue } from '../catalogue/catalogue.ts';
import { isMarket } from '../catalogue/markets.ts';
import { base62 } from '../catalogue/random.ts';
import { type Conditions, type PagedRoute, pageSizes } from '../quota-mode.ts';
import {
  invalidId,
  invalidLimit,
  invalidMarket,
  invalidOffset,
  noUserMarket,
  tooManyIds,
} from './error-responses.ts';

/** One request to an endpoint of the Web API. */
export interface RequestContext {
  /** The path below the API's root. */
  path: string;
  /** The id in the path, unchecked; empty if the path has none. */
  id: string;
  query: URLSearchParams;
  catalogue: Catalogue;
  conditions: Conditions;
  /** Base URL of the API, for the links in the response. */
  apiUrl: string;
  /** URL of the pictures, to which the file of an image is added. */
  imagesUrl: string;
  /** The Accept-Language header, which Spotify repeats in every link. */
  locale: string | undefined;
}

/** A window of a list. */
export interface Window {
  offset: number;
  limit: number;
}

const wholeNumber = /^\d{1,10}$/;
const largestOffset = 2 ** 31 - 1; // offsets are 32-bit numbers
const idShape = /^[0-9A-Za-z]{22}$/;
const firstBeyondRange = digitsOf('7N42dgm5tFLK9N8MT7fHC8'); // 2^128

/** The requested or implied market; null for none. Endpoints check it before all other parameters. */
export function readMarket({ query, conditions }: RequestContext): string | null {
  const market = query.get('market');
  if (market === null) return conditions.impliedMarket;
  if (market === 'from_token') throw noUserMarket();
  if (!isMarket(market)) throw invalidMarket();
  return market;
}

/** The id in the path. */
export function readId({ id }: RequestContext): string {
  return checkedId(id);
}

/** The ids of a batch, in order and with repetitions. One malformed id makes the whole batch fail. */
export function readIds({ query }: RequestContext, maxIds: number): string[] {
  const ids = (query.get('ids') ?? '').split(',');
  if (ids.length > maxIds) throw tooManyIds();
  return ids.map(checkedId);
}

/** The window of `limit` and `offset`, checked against the limits of the endpoint. */
export function readWindow(request: RequestContext, route: PagedRoute): Window {
  return { limit: readLimit(request, route), offset: readOffset(request) };
}

function readLimit({ query, conditions }: RequestContext, route: PagedRoute): number {
  const { maxLimit, defaultLimit } = pageSizes[conditions.endpoints][route];
  const ceiling = Math.min(maxLimit, conditions.ceiling?.limit ?? maxLimit);
  const text = query.get('limit') ?? String(Math.min(defaultLimit, ceiling));
  const limit = wholeNumber.test(text) ? Number(text) : 0;
  if (limit > ceiling && conditions.ceiling?.clamp) return ceiling;
  if (limit < 1 || limit > ceiling) throw invalidLimit();
  return limit;
}

function readOffset({ query }: RequestContext): number {
  const text = query.get('offset') ?? '0';
  const offset = wholeNumber.test(text) ? Number(text) : -1;
  if (offset < 0 || offset > largestOffset) throw invalidOffset();
  return offset;
}

function checkedId(id: string): string {
  if (!idShape.test(id) || digitsOf(id) >= firstBeyondRange) throw invalidId();
  return id;
}

/** The id's digits as text that sorts like the number, because the alphabet of ids is not in code-point order. */
function digitsOf(id: string): string {
  return Array.from(id, (digit) => String.fromCharCode(base62.indexOf(digit))).join('');
}
