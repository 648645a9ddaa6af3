import type { Malformed } from './malformed.ts';

/** Parsed JSON, read with a check on everything that is taken from it. */

/** The answer is not as documented; `message` says where, never what stood there. */
export class MalformedAnswer extends Error {}

export type Json = Readonly<Record<string, unknown>>;

const maxGraphQLInt = 2 ** 31 - 1; // a larger number could be held, but never be served

export function record(value: unknown, where: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new MalformedAnswer(where);
}

export function list(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new MalformedAnswer(where);
}

export function text(json: Json, key: string, where: string): string {
  const value = json[key];
  if (typeof value === 'string') return value;
  throw new MalformedAnswer(`${where}.${key}`);
}

export function int(json: Json, key: string, where: string): number {
  const value = json[key];
  if (isInt(value)) return value;
  throw new MalformedAnswer(`${where}.${key}`);
}

/** Whether the value is a whole number from 0 that GraphQL can serve. */
export const isInt = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxGraphQLInt;

/** One part of an object: undefined where Spotify sends none, a marker where `decode` throws MalformedAnswer. */
export function part<T>(value: unknown, decode: (value: unknown) => T): T | Malformed | undefined {
  return value === undefined || value === null ? undefined : orMalformed(() => decode(value));
}

/** A part whose absence says that there is nothing of the kind. */
export const partOrNull = <T>(value: unknown, decode: (value: unknown) => T): T | Malformed | null =>
  part(value, decode) ?? null;

export const textPart = (json: Json, key: string, where: string): string | Malformed | undefined =>
  part(json[key], () => text(json, key, where));

export const intPart = (json: Json, key: string, where: string): number | Malformed | undefined =>
  part(json[key], () => int(json, key, where));

export const booleanPart = (json: Json, key: string, where: string): boolean | Malformed | undefined =>
  part(json[key], (value) => {
    if (typeof value === 'boolean') return value;
    throw new MalformedAnswer(`${where}.${key}`);
  });

/** The elements of a list, of which each may be malformed; null stays null. */
export const elements = <T>(
  value: unknown,
  where: string,
  decode: (element: unknown) => T,
): (T | Malformed | null)[] => list(value, where).map((element) => partOrNull(element, decode));

/** What `decode` gives, or a marker where what it reads is not as documented. */
export function orMalformed<T>(decode: () => T): T | Malformed {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedAnswer) return { malformed: error.message };
    throw error;
  }
}
