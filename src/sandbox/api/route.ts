import type { RequestContext } from './request-context.ts';

/** One endpoint of the Web API. */
export interface Route {
  /** The path below the API's root; `*` matches an id, a trailing `**` any rest. */
  path: string;
  /** Apps in development mode get 403, before the request is checked. */
  extendedOnly?: boolean;
  /** Methods other than GET exist and need a user's token; without it they are not allowed. */
  userWrites?: boolean;
  /** Work before `read` that is done in slices, because it would block the event loop. */
  prepare?: (request: RequestContext) => Promise<void>;
  read: (request: RequestContext) => unknown;
}

/** The endpoint family of an unknown path. */
export const otherFamily = 'other';

/** The path without its ids. Spotify's quota and the gateway count calls by this name. */
export const familyOf = ({ path }: Route): string =>
  path
    .split('/')
    .filter((segment) => !segment.startsWith('*'))
    .join('/');
