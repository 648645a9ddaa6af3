import { type DecodeOptions, type Entity, getKind, isNamed } from '../kind.ts';
import { readIdOf } from '../spotify-id.ts';
import {
  enumPart,
  expectObject,
  expectString,
  intPart,
  isMalformed,
  type Json,
  listPart,
  type Malformed,
  MalformedResponse,
  part,
  statedNull,
  statedType,
  stringPart,
  webAddress,
} from './json.ts';

/** The values that objects of several kinds have, and how each is decoded. */

/**
 * A value of Spotify's JSON. Undefined: Spotify did not send it. Null, if `T` allows it: Spotify states that there is none,
 * such as no restriction.
 */
export type Decoded<T> = T | Malformed | undefined;

/** A list of Spotify's JSON. Null is an element without a value. */
export type DecodedList<T> = Decoded<readonly (T | Malformed | null)[]>;

export interface Image {
  url: Decoded<string>;
  width: Decoded<number | null>;
  height: Decoded<number | null>;
}

export interface ReleaseDate {
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, in the precision that `precision` names. */
  date: Decoded<string>;
  precision: Decoded<'DAY' | 'MONTH' | 'YEAR' | 'OTHER'>;
}

export interface Followers {
  total: Decoded<number>;
}

export interface Copyright {
  text: Decoded<string>;
  type: Decoded<'C' | 'P' | 'OTHER'>;
}

export interface ExternalIds {
  isrc: Decoded<string | null>;
  upc: Decoded<string | null>;
  ean: Decoded<string | null>;
}

export interface Restrictions {
  reason: Decoded<'MARKET' | 'PRODUCT' | 'EXPLICIT' | 'PAYMENT_REQUIRED' | 'OTHER'>;
}

export const images = (json: Json, where: string): DecodedList<Image> =>
  listPart(json, 'images', where, image);

export function image(value: unknown): Image {
  const json = expectObject(value, 'image');
  return {
    url: part(json['url'], (url) => webAddress(url, 'image.url')),
    width: intPart(json, 'width', 'image') ?? statedNull(json['width']),
    height: intPart(json, 'height', 'image') ?? statedNull(json['height']),
  };
}

export function copyright(value: unknown): Copyright {
  const json = expectObject(value, 'copyright');
  return { text: stringPart(json, 'text', 'copyright'), type: enumPart(json['type'], ['C', 'P']) };
}

/** Some artists have `followers` without a number, which means the same as no `followers` (spotify/web-api#261). */
export function followers(object: Json, where: string): Decoded<Followers> {
  const json = part(object['followers'], (present) => expectObject(present, `${where}.followers`));
  if (json === undefined || isMalformed(json)) return json;
  const total = intPart(json, 'total', 'followers');
  return total === undefined ? undefined : { total };
}

export function externalIds(value: unknown): ExternalIds {
  const json = expectObject(value, 'external_ids');
  return {
    isrc: stringPart(json, 'isrc', 'external_ids') ?? null,
    upc: stringPart(json, 'upc', 'external_ids') ?? null,
    ean: stringPart(json, 'ean', 'external_ids') ?? null,
  };
}

/** The reasons that Spotify documents for every kind. */
export const restrictionReasons = ['MARKET', 'PRODUCT', 'EXPLICIT'] as const;

export const restrictions = (value: unknown): Restrictions => ({
  reason: enumPart(expectObject(value, 'restrictions')['reason'], restrictionReasons),
});

export function releaseDate(json: Json, where: string): ReleaseDate | undefined {
  const date = stringPart(json, 'release_date', where);
  if (date === undefined) return undefined;
  const precision = enumPart(json['release_date_precision'], ['DAY', 'MONTH', 'YEAR']);
  if (isMalformed(date) || isMalformed(precision) || precision === undefined || precision === 'OTHER')
    return { date, precision };
  // Some dates are longer than their precision states, or shorter.
  const known = date.slice(0, dateLengths[precision]);
  if (/^\d{4}$/.test(known)) return { date: known, precision: 'YEAR' };
  return { date: known, precision: /^\d{4}-\d{2}$/.test(known) ? 'MONTH' : precision };
}

const dateLengths = { YEAR: 'yyyy'.length, MONTH: 'yyyy-mm'.length, DAY: 'yyyy-mm-dd'.length };

export const externalUrl = (json: Json, where: string): Decoded<string> => {
  const urls = part(json['external_urls'], (value) => expectObject(value, `${where}.external_urls`));
  if (urls === undefined || isMalformed(urls)) return urls;
  return part(urls['spotify'], (value) => webAddress(value, `${where}.external_urls`));
};

/** The fields that every object has which was decoded from JSON of its own. */
export interface BaseFields extends Omit<Entity, 'kind'> {
  name: string;
  externalUrl: Decoded<string>;
}

/** @throws MalformedResponse without a readable id and name, and if the object is not the requested one */
export function baseFields(
  json: Json,
  kind: string,
  { full, market, id: requestedId, kinds }: DecodeOptions,
): BaseFields {
  const id = readIdOf(kind, expectString(json, 'id', kind));
  if (id === null || (requestedId && requestedId !== id)) throw new MalformedResponse(`${kind}.id`);
  const type = statedType(json);
  if (type !== null && !isNamed(getKind(kinds, kind), type)) throw new MalformedResponse(`${kind}.type`);
  return { id, name: expectString(json, 'name', kind), externalUrl: externalUrl(json, kind), market, full };
}

/** The options for the simplified objects inside an object or on a page. */
export const simplifiedOptions = ({
  market,
  kinds,
  simplified = new Map(),
}: Pick<DecodeOptions, 'market' | 'kinds' | 'simplified'>): DecodeOptions => ({
  full: false,
  market,
  kinds,
  simplified,
});

const characters: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  gt: '>',
  lt: '<',
  nbsp: '\u00a0',
  quot: '"',
};
const maxCodePoint = 0x10ffff;
const reference = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|apos|gt|lt|nbsp|quot));/gi;

/** A text whose characters Spotify may have escaped for HTML, as plain text. It is no HTML: `<` in it is a character. */
export function plainText(json: Json, key: string, where: string): Decoded<string> {
  const text = stringPart(json, key, where);
  return typeof text === 'string' ? unescaped(text) : text;
}

/** Each reference is replaced once: `&amp;lt;` is the text `&lt;`. */
const unescaped = (text: string): string =>
  text.replace(reference, (whole, decimal: string | undefined, hexadecimal: string | undefined, name) => {
    if (typeof name === 'string') return characters[name.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
    return code > 0 && code <= maxCodePoint ? String.fromCodePoint(code) : whole;
  });

export const texts = (json: Json, key: string, where: string): DecodedList<string> =>
  listPart(json, key, where, (text) => {
    if (typeof text === 'string') return text;
    throw new MalformedResponse(`${where}.${key}`);
  });

/** A web address; null if the object has none. Spotify leaves out the key for apps from which it withholds it. */
export const addressOrNull = (json: Json, key: string, where: string): Decoded<string | null> =>
  json[key] === null ? null : part(json[key], (value) => webAddress(value, `${where}.${key}`));
