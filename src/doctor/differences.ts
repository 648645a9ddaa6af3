import type * as z from 'zod';
import { getOrCreate } from '../maps.ts';
import { type ShapeMode, type ShapeName, shapesOf } from './shapes.ts';

/** One place at which a response differs from the expected shape. It names keys and types, and no value. */
export interface Difference {
  /** The route and the keys to the place, such as `search tracks.items[].album.name`. */
  place: string;
  /** The expected type; `absent` for a key that is not expected. */
  expected: string;
  /** The type in the response; `absent` for a missing key. */
  found: string;
  /** How many objects differ in this way. */
  count: number;
}

/** A response of status 200. */
export interface ReadBody {
  shape: ShapeName;
  body: unknown;
}

const maxDifferences = 200; // bounds the report; further differences are similar

/** The differences of all responses from the shapes of the mode, each once with its count. */
export function differencesOf(reads: readonly ReadBody[], mode: ShapeMode): Difference[] {
  const shapes = shapesOf(mode);
  const differences = new Map<string, Difference>();
  for (const { shape, body } of reads) {
    const { error } = shapes[shape].safeParse(body, { reportInput: true });
    for (const difference of (error?.issues ?? []).flatMap((issue) => toDifferences(shape, issue))) {
      const key = JSON.stringify(difference);
      getOrCreate(differences, key, () => ({ ...difference, count: 0 })).count += 1;
    }
  }
  return [...differences.values()].slice(0, maxDifferences);
}

function toDifferences(shape: ShapeName, issue: z.core.$ZodIssue): Omit<Difference, 'count'>[] {
  if (issue.code === 'unrecognized_keys') {
    const object = issue.input as Readonly<Record<string, unknown>> | undefined;
    return issue.keys.map((key) => ({
      place: placeOf(shape, [...issue.path, key]),
      expected: 'absent',
      found: typeOf(object?.[key]),
    }));
  }
  const expected = issue.code === 'invalid_type' ? (typeNames[issue.expected] ?? issue.expected) : issue.code;
  return [{ place: placeOf(shape, issue.path), expected, found: typeOf(issue.input) }];
}

/** Zod's names of integers; the shapes have no other numbers. */
const typeNames: Readonly<Record<string, string>> = { int: 'integer', number: 'integer' };

/** Such as `search tracks.items[].album.name`. */
function placeOf(shape: ShapeName, path: readonly PropertyKey[]): string {
  const keys = path.map((part) => (typeof part === 'number' ? '[]' : `.${shortened(String(part))}`)).join('');
  return `${shape} ${keys.replace(/^\./, '')}`.trim();
}

/** Keys are Spotify's words; another one could be of any length. */
const shortened = (key: string): string => (/^[\w-]{1,40}$/.test(key) ? key : '(unreadable key)');

function typeOf(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'empty array' : 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
