import { randomBytes } from 'node:crypto';
import { noBearer, noToken, tokenExpired, tokenUnknown } from './api/error-responses.ts';

/** The access tokens of one sandbox. */
export interface Tokens {
  /** Lifetime of a token in seconds, as `expires_in` of the token endpoint. */
  readonly lifetimeSeconds: number;
  issue(): string;
  /**
   * Checks an Authorization header of the Web API.
   * @throws ErrorResponse with Spotify's response to an invalid header
   */
  check(authorization: string | undefined): void;
  /** Expires every issued token. */
  expireAll(): void;
}

const tokenBytes = 62; // real tokens have somewhat more than 80 characters
const bearer = /^Bearer +(\S+)$/i;

/** @param now the clock for the expiry of tokens, in milliseconds */
export function createTokens(lifetimeSeconds: number, now: () => number): Tokens {
  // Expired tokens are kept, because Spotify distinguishes an expired token from an unknown one.
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
