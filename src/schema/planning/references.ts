import { type Kind, parseId, parseReference, type Reference } from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import type { ReferencesOf, Representation } from './cost.ts';

/** Parses each list of keys once: a hundred fields may use the same variable. */
export function createReferences(): ReferencesOf {
  const referencesByKeys = new Map<unknown, Map<Kind | null, (Reference | null)[]>>();

  return (keys, kind = null) => {
    const byKind = referencesByKeys.get(keys) ?? new Map<Kind | null, (Reference | null)[]>();
    referencesByKeys.set(keys, byKind);
    const references = byKind.get(kind) ?? keys.map((key) => orNull(() => referenceOf(key, kind)));
    byKind.set(kind, references);
    return references;
  };
}

function referenceOf(key: string | Representation, kind: Kind | null): Reference {
  const input = typeof key === 'string' ? key : key.id;
  return kind === null ? parseReference(input) : { kinds: [kind], id: parseId(input, kind) };
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
