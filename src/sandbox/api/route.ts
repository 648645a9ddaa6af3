import type { Ask } from './ask.ts';

/** One endpoint of the Web API. */
export interface Route {
  /** The path below the API's root; `*` stands for an id, a trailing `**` for anything. */
  path: string;
  /** Not for apps in development mode, which get 403 before anything else is looked at. */
  extendedOnly?: boolean;
  /** Methods other than GET exist and need a user's token; without it they are not allowed. */
  userWrites?: boolean;
  /** Work that must not stop the event loop and has to be done before the endpoint reads. */
  prepare?: (ask: Ask) => Promise<void>;
  read: (ask: Ask) => unknown;
}

/** The family of a path that is no endpoint. */
export const otherFamily = 'other';

/** The path without its ids: the name by which Spotify's quota buckets and this project count calls. */
export const familyOf = ({ path }: Route): string =>
  path
    .split('/')
    .filter((part) => !part.startsWith('*'))
    .join('/');
