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
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxGraphQLInt) {
    return value as number;
  }
  throw new MalformedAnswer(`${where}.${key}`);
}

export const optional = <T>(value: unknown, decode: (value: unknown) => T): T | undefined =>
  value === undefined || value === null ? undefined : decode(value);

export const optionalText = (json: Json, key: string): string | undefined =>
  optional(json[key], () => text(json, key, ''));

export const optionalInt = (json: Json, key: string): number | undefined =>
  optional(json[key], () => int(json, key, ''));

export function optionalBoolean(json: Json, key: string): boolean | undefined {
  const value = json[key];
  return typeof value === 'boolean' ? value : undefined;
}
