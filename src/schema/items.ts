import { isMalformed, type Malformed, type SpotifyObject } from '../datasources/spotify/index.ts';
import { UpstreamBadResponse } from '../errors.ts';

/** Entries of lists, with an error in the place of one that is malformed. */

/** The item, or its error, which does not affect the other items. */
export const itemOrError = <T extends SpotifyObject>(item: T | Malformed): T =>
  isMalformed(item) ? asListError(malformed(item)) : item;

/** The error of a value that is not as documented. */
export const malformed = ({ malformed: where }: Malformed): UpstreamBadResponse =>
  new UpstreamBadResponse(`Spotify's answer is not as documented (${where}).`);

/**
 * An error as an entry of a list: graphql-jit puts the null of a rejected promise inside a list in the wrong place, but
 * treats an Error as GraphQL.js does.
 */
export const asListError = (error: unknown) => error as never;
