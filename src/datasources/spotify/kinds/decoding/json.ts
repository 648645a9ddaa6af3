import { isObject } from '../../../../json.ts';

/** Reads parsed JSON and checks the type of every value. */

/** A value, or one of its elements, that is not as documented. It fails alone; the object around it stays. */
export interface Malformed {
  /** The name of the value, such as `album.name`. */
  malformed: string;
}

export const isMalformed = (value: unknown): value is Malformed =>
  typeof value === 'object' && value !== null && 'malformed' in value;

export type Json = Readonly<Record<string, unknown>>;

/** The response is not as documented; `message` names the place, never the value. */
export class MalformedResponse extends Error {}

const maxGraphQLInt = 2 ** 31 - 1; // a larger number could be cached, but never be served

export function expectObject(value: unknown, where: string): Json {
  if (isObject(value)) return value;
  throw new MalformedResponse(where);
}

export function expectArray(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new MalformedResponse(where);
}

export function expectString(json: Json, key: string, where: string): string {
  const value = json[key];
  if (typeof value === 'string') return value;
  throw new MalformedResponse(`${where}.${key}`);
}

/** Whether the value is a whole number from 0 that GraphQL can serve. */
export const isInt = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maxGraphQLInt;

/** One part of an object: undefined if Spotify sends none, a marker if `decode` throws MalformedResponse. */
export function part<T>(value: unknown, decode: (value: unknown) => T): T | Malformed | undefined {
  return value === undefined || value === null ? undefined : orMalformed(() => decode(value));
}

/** Like `part`, but null if Spotify sends none: for a part that Spotify leaves out if the object has none. */
export const partOrNull = <T>(value: unknown, decode: (value: unknown) => T): T | Malformed | null =>
  part(value, decode) ?? null;

/** Null if Spotify sends null, and so states that there is no such part; undefined if it does not send the part. */
export const statedNull = (value: unknown): null | undefined => (value === null ? null : undefined);

const partOfType =
  <T>(isType: (value: unknown) => value is T) =>
  (json: Json, key: string, where: string): T | Malformed | undefined =>
    part(json[key], (value) => {
      if (isType(value)) return value;
      throw new MalformedResponse(`${where}.${key}`);
    });

export const stringPart = partOfType((value) => typeof value === 'string');
export const intPart = partOfType(isInt);
export const booleanPart = partOfType((value) => typeof value === 'boolean');

/** A list, of which each element may be malformed; null stays null. */
export const listPart = <T>(
  json: Json,
  key: string,
  where: string,
  decode: (element: unknown) => T,
): (T | Malformed | null)[] | Malformed | undefined =>
  part(json[key], (value) =>
    expectArray(value, `${where}.${key}`).map((element) => partOrNull(element, decode)),
  );

/** The decoded value, or a marker if it is not as documented. */
export function orMalformed<T>(decode: () => T): T | Malformed {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedResponse) return { malformed: error.message };
    throw error;
  }
}

/** The value, or null for an object whose id is missing or empty: a local file, a removed object or an unknown user. */
export function withId(value: unknown): unknown {
  return isObject(value) && (value['id'] ?? '') === '' ? null : value;
}

/** The type that an object of Spotify states, in small letters; null if it states none that is a text. */
export function statedType(value: unknown): string | null {
  const type = isObject(value) ? value['type'] : null;
  return typeof type === 'string' ? type.toLowerCase() : null;
}

/** Spotify's enums grow, and were not always in small letters: an unknown value is `OTHER`. */
export function enumPart<const T extends string>(
  value: unknown,
  members: readonly T[],
): T | 'OTHER' | undefined {
  if (value === undefined || value === null) return undefined;
  const name = typeof value === 'string' ? value.toUpperCase() : '';
  return members.find((member) => member === name) ?? 'OTHER';
}

/** Clients put these into `href` and `src`: only http and https may pass. @throws MalformedResponse */
export function webAddress(value: unknown, where: string): string {
  if (typeof value === 'string' && /^https?:\/\//i.test(value)) return value;
  throw new MalformedResponse(where);
}
