import { parseReference, type Reference } from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import type { ObjectKey, ReferencesOf } from './cost.ts';

/** Reads each list of keys once: one in a variable may be that of a hundred fields. */
export function createReferences(): ReferencesOf {
  const referencesByKeys = new Map<unknown, Map<string, (Reference | null)[]>>();

  return (keys, type = '') => {
    const byType = referencesByKeys.get(keys) ?? new Map<string, (Reference | null)[]>();
    referencesByKeys.set(keys, byType);
    const references = byType.get(type) ?? keys.flatMap((key) => referenceOf(key, type));
    byType.set(type, references);
    return references;
  };
}

function referenceOf(key: string | ObjectKey, type: string): [Reference | null] | [] {
  if (typeof key === 'string') return [orNull(() => parseReference(key))];
  return key.__typename === type ? [orNull(() => parseReference(key.id))] : [];
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
