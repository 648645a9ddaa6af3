import { BadUserInput } from '../../../errors.ts';
import { type Kind, kinds } from './index.ts';
import { findKind, type KindRegistry } from './kind.ts';
import { readId, type SpotifyId } from './spotify-id.ts';

/** The object that a client's id names; `kind` is null for a bare id, which names none. */
export interface Reference<K extends string = Kind> {
  kind: K | null;
  id: SpotifyId;
}

/**
 * Reads an id, a Spotify URI (`spotify:album:…`) or an `open.spotify.com` link.
 * @throws BadUserInput when it is none of the three, or names an object of a kind that is not in the registry
 */
export function parseReference(input: string): Reference;
export function parseReference(input: string, registry: KindRegistry): Reference<string>;
export function parseReference(input: string, registry: KindRegistry = kinds): Reference<string> {
  const written = readId(input);
  if (written === null) {
    throw new BadUserInput(
      'Not a Spotify id: give the 22 characters, a spotify: URI or an open.spotify.com link.',
    );
  }
  const { kind, id, form } = written;
  if (kind === null || findKind(registry, kind)) return { kind, id };
  const article = /^[aeiou]/.test(kind) ? 'an' : 'a';
  throw new BadUserInput(`This is ${article} ${kind} ${form}: this API has ${pluralsOf(registry)} only.`);
}

/**
 * Reads an id that must name one kind of object.
 * @throws BadUserInput when it is no id, or names another kind
 */
export function parseId(input: string, kind: string, registry: KindRegistry = kinds): SpotifyId {
  const reference = parseReference(input, registry);
  if (reference.kind !== null && reference.kind !== kind) {
    throw new BadUserInput(`Expected the id of one ${kind}, but this names one ${reference.kind}.`);
  }
  return reference.id;
}

/** Such as `artists, albums and tracks`. */
function pluralsOf(registry: KindRegistry): string {
  const plurals = Object.values(registry).map(({ plural }) => plural);
  const others = plurals.slice(0, -1).join(', ');
  return others === '' ? `${plurals.at(-1)}` : `${others} and ${plurals.at(-1)}`;
}
