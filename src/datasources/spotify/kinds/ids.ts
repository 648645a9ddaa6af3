import { BadUserInput } from '../../../errors.ts';

declare const spotifyId: unique symbol;

/** A 22-character base-62 id. Only this file makes one, so nothing else can reach a URL's path. */
export type SpotifyId = string & { readonly [spotifyId]: true };

const kinds = ['artist', 'album', 'track'] as const;
export type Kind = (typeof kinds)[number];

/** What a client's id string points at; `kind` is null for a bare id, which does not say. */
export interface Reference {
  kind: Kind | null;
  id: SpotifyId;
}

const bareId = /^[0-9A-Za-z]{22}$/;
// People paste links with blanks around them, and URIs with the parameters of a link (`?si=`) or a time (`#1:30`).
const uri = /^\s*spotify:([a-z]+):([0-9A-Za-z]+)(?:[?#].*)?\s*$/;
const linkHost = /^\s*(?:https?:\/\/)?open\.spotify\.com\//i;
const linkPath =
  /^(?:intl-[A-Za-z-]{2,8}\/)?(?:embed\/)?([a-z]+)\/([0-9A-Za-z]+)(?:\/[0-9A-Za-z_-]+)*\/?(?:[?#].*)?\s*$/;

// A share link with its tracking parameters stays far below this; no pattern is run over a megabyte.
const maxLength = 512;

/**
 * Reads an id, a Spotify URI (`spotify:album:…`) or an `open.spotify.com` link.
 * @throws BadUserInput when it is none of the three, or names an object of a kind that this API does not have
 */
export function parseReference(input: string): Reference {
  const { kind, id, form } = readForm(input) ?? {};
  if (id === undefined || !bareId.test(id)) {
    throw new BadUserInput(
      'Not a Spotify id: give the 22 characters, a spotify: URI or an open.spotify.com link.',
    );
  }
  if (kind === null) return { kind, id: id as SpotifyId };
  if (isKind(kind)) return { kind, id: id as SpotifyId };
  const article = /^[aeiou]/.test(`${kind}`) ? 'an' : 'a';
  throw new BadUserInput(`This is ${article} ${kind} ${form}: this API has artists, albums and tracks only.`);
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

/** What the text names, without a check on its kind and its id; null where it has none of the forms. */
function readForm(input: string): { kind: string | null; id: string; form: 'id' | 'URI' | 'link' } | null {
  if (input.length > maxLength) return null;
  if (bareId.test(input)) return { kind: null, id: input, form: 'id' };
  const [, uriKind, uriId] = uri.exec(input) ?? [];
  if (uriKind && uriId) return { kind: uriKind, id: uriId, form: 'URI' };
  const [host] = linkHost.exec(input) ?? [];
  const [, linkKind, linkId] = host ? (linkPath.exec(input.slice(host.length)) ?? []) : [];
  return linkKind && linkId ? { kind: linkKind, id: linkId, form: 'link' } : null;
}

const isKind = (name: string | undefined): name is Kind => kinds.some((kind) => kind === name);

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
