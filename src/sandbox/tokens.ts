import { randomBytes } from 'node:crypto';
import { noBearer, noToken, tokenExpired, tokenUnknown } from './api/refusals.ts';

/** The access tokens of one sandbox. */
export interface Tokens {
  /** Seconds that a token lives, as the token endpoint says it. */
  readonly lifetimeSeconds: number;
  issue(): string;
  /**
   * Looks at an Authorization header of the Web API.
   * @throws Refusal with the answer that Spotify gives to a header that will not do
   */
  check(authorization: string | undefined): void;
  /** Ends every token that was issued until now. */
  expireAll(): void;
}

const tokenBytes = 62; // real tokens have somewhat more than 80 characters
const bearer = /^Bearer +(\S+)$/i;

/** @param now the clock that tokens end by, in milliseconds */
export function createTokens(lifetimeSeconds: number, now: () => number): Tokens {
  // Ended tokens stay known: Spotify tells an expired token from one that it never issued.
  const endsAtMs = new Map<string, number>();

  return {
    lifetimeSeconds,
    issue: () => {
      const token = `BQ${randomBytes(tokenBytes).toString('base64url')}`;
      endsAtMs.set(token, now() + lifetimeSeconds * 1000);
      return token;
    },
    check: (authorization) => {
      if (authorization === undefined || authorization === '') throw noToken();
      const [, token] = bearer.exec(authorization) ?? [];
      if (token === undefined) throw noBearer();
      const endAtMs = endsAtMs.get(token);
      if (endAtMs === undefined) throw tokenUnknown();
      if (endAtMs <= now()) throw tokenExpired();
    },
    expireAll: () => {
      for (const token of endsAtMs.keys()) endsAtMs.set(token, now());
    },
  };
}
