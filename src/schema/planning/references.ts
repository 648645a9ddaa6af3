import { parseReference, type Reference } from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import type { ReferencesOf } from './cost.ts';

/** Parses each list of keys once: a hundred fields may use the same variable. */
export function createReferences(): ReferencesOf {
  const referencesByKeys = new Map<unknown, (Reference | null)[]>();

  return (keys) => {
    const references =
      referencesByKeys.get(keys) ??
      keys.map((key) => orNull(() => parseReference(typeof key === 'string' ? key : key.id)));
    referencesByKeys.set(keys, references);
    return references;
  };
}

/** The value, or null for invalid input: the field is then null with an error, and costs nothing. */
export function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadUserInput) return null;
    throw error;
  }
}
