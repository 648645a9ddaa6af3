declare const spotifyId: unique symbol;

/** A 22-character base-62 id. Only this file makes one: nothing else reaches a URL's path, except by `pathSegment`. */
export type SpotifyId = string & { readonly [spotifyId]: true };

/** An id as a client or Spotify wrote it; `kind` is null for a bare id, which names none. */
export interface WrittenId {
  kind: string | null;
  id: SpotifyId;
  form: 'id' | 'URI' | 'link';
}

const idLength = 22;
const longRuns = /[0-9A-Za-z]{22,}/g; // an escape such as `%3A` in a URL makes a run two characters longer than the id
const bareId = /^[0-9A-Za-z]{22}$/;
// People paste links with blanks around them, and URIs with the parameters of a link (`?si=`) or a time (`#1:30`). Until 2018
// the URI and the link of a playlist named its owner first.
const uri = /^\s*spotify:(?:user:[^:\s]+:(?=playlist:))?([a-z]+):([0-9A-Za-z]+)(?:[?#].*)?\s*$/;
const linkHost = /^\s*(?:https?:\/\/)?open\.spotify\.com\//i;
const linkPath =
  /^(?:intl-[A-Za-z-]{2,8}\/)?(?:embed(?:-podcast)?\/)?(?:user\/[^/?#\s]+\/(?=playlist\/))?([a-z]+)\/([0-9A-Za-z]+)(?:\/[0-9A-Za-z_-]+)*\/?(?:[?#].*)?\s*$/;

// A share link with its tracking parameters stays far below this; no pattern is run over a megabyte.
const maxLength = 512;

/** Whether a text that is no id of the catalogue, such as the id of a user, can be one segment of a URL's path. */
export const isPathSegment = (text: string): boolean =>
  text !== '' && text.length <= maxLength && !/\p{Surrogate}/u.test(text) && !/^\.\.?$/.test(text);

/** The text as one segment of a URL's path. @throws Error if it cannot be one, which is a defect of the gateway */
export function pathSegment(text: string): string {
  if (!isPathSegment(text)) throw new Error('This text cannot be a segment of a path.');
  return encodeURIComponent(text);
}

export const isBareId = (text: string): text is SpotifyId => bareId.test(text);

/** The parts of a text that may be ids, such as the last part of a URI or of a link. */
export function idsIn(text: string): SpotifyId[] {
  if (text.length < idLength) return [];
  const runs = text.match(longRuns) ?? [];
  return runs.filter(({ length }) => length <= idLength + 2).map((run) => run.slice(-idLength) as SpotifyId);
}

/** Reads an id, a Spotify URI (`spotify:album:…`) or an `open.spotify.com` link of any kind; null for other text. */
export function readId(input: string): WrittenId | null {
  if (input.length > maxLength) return null;
  if (isBareId(input)) return { kind: null, id: input, form: 'id' };
  const [, uriKind, uriId] = uri.exec(input) ?? [];
  if (uriKind && uriId) return isBareId(uriId) ? { kind: uriKind, id: uriId, form: 'URI' } : null;
  const [host] = linkHost.exec(input) ?? [];
  const [, linkKind, linkId] = host ? (linkPath.exec(input.slice(host.length)) ?? []) : [];
  return linkKind && linkId && isBareId(linkId) ? { kind: linkKind, id: linkId, form: 'link' } : null;
}

/** The id that a text names, if it can be the id of an object of this kind; null if not. */
export function readIdOf(kind: string, input: unknown): SpotifyId | null {
  const written = typeof input === 'string' ? readId(input) : null;
  return written && (written.kind === null || written.kind === kind) ? written.id : null;
}

// Spotify's ids are 128-bit numbers. The 22 characters reach a little further, and one id beyond the
// range makes Spotify reject a whole batch as malformed.
const largest = '7N42dgm5tFLK9N8MT7fHC7';
const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Whether an object can have this id; only such ids may share a batch with others. */
export function isInRange(id: SpotifyId): boolean {
  for (let i = 0; i < largest.length; i++) {
    const difference = digits.indexOf(id.charAt(i)) - digits.indexOf(largest.charAt(i));
    if (difference !== 0) return difference < 0;
  }
  return true;
}
