import { isMalformed, type Malformed, type SpotifyObject } from '../datasources/spotify/index.ts';
import { UpstreamBadResponse } from '../errors.ts';

/** What stands in a list, also where it cannot be read. */

/** The item itself, or its own failure, which none of its siblings shares. */
export const readable = <T extends SpotifyObject>(item: T | Malformed): T =>
  isMalformed(item) ? failedItem(malformed(item)) : item;

/** The error of a value that is not as documented. */
export const malformed = ({ malformed: where }: Malformed): UpstreamBadResponse =>
  new UpstreamBadResponse(`Spotify's answer is not as documented (${where}).`);

/**
 * What stands in a list for an entry that failed: to GraphQL an Error is a failure like a rejected promise, of which
 * compiled queries put the null in the wrong place.
 */
export const failedItem = (error: unknown) => error as never;
