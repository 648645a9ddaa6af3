import { BadUserInput } from '../../errors.ts';

declare const spotifyId: unique symbol;

/** A 22-character base-62 id. Only this file makes one, so nothing else can reach a URL's path. */
export type SpotifyId = string & { readonly [spotifyId]: true };

export type Kind = 'artist' | 'album' | 'track';

/** What a client's id string points at; `kind` is null for a bare id, which does not say. */
export interface Reference {
  kind: Kind | null;
  id: SpotifyId;
}

const bareId = /^[0-9A-Za-z]{22}$/;
const uri = /^spotify:(artist|album|track):([0-9A-Za-z]{22})$/;
const link =
  /^https:\/\/open\.spotify\.com\/(?:intl-[a-z]{2,5}\/)?(artist|album|track)\/([0-9A-Za-z]{22})(?:[?#].*)?$/;

// A share link with its tracking parameters stays far below this; no pattern is run over a megabyte.
const maxLength = 512;

/**
 * Reads an id, a Spotify URI (`spotify:album:…`) or an `open.spotify.com` link.
 * @throws BadUserInput when it is none of the three
 */
export function parseReference(input: string): Reference {
  if (input.length <= maxLength) {
    if (bareId.test(input)) return { kind: null, id: input as SpotifyId };
    const [, kind, id] = uri.exec(input) ?? link.exec(input) ?? [];
    if (kind && id) return { kind: kind as Kind, id: id as SpotifyId };
  }
  throw new BadUserInput(
    'Not a Spotify id: give the 22 characters, a spotify: URI or an open.spotify.com link.',
  );
}

/**
 * Reads an id that must point at one kind of object.
 * @throws BadUserInput when it is no id, or names another kind
 */
export function parseId(input: string, kind: Kind): SpotifyId {
  const reference = parseReference(input);
  if (reference.kind !== null && reference.kind !== kind) {
    throw new BadUserInput(`Expected the id of one ${kind}, but this names one ${reference.kind}.`);
  }
  return reference.id;
}

// Spotify's ids are 128-bit numbers. The 22 characters reach a little further, and one id beyond the
// range makes Spotify refuse a whole batch as malformed.
const largest = '7N42dgm5tFLK9N8MT7fHC7';
const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Whether the id can be anything's id at all; only such ids may share a batch with others. */
export function isInRange(id: SpotifyId): boolean {
  for (let i = 0; i < largest.length; i++) {
    const difference = digits.indexOf(id.charAt(i)) - digits.indexOf(largest.charAt(i));
    if (difference !== 0) return difference < 0;
  }
  return true;
}
