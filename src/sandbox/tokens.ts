import { randomBytes } from 'node:crypto';
import { noBearer, noToken, tokenExpired, tokenUnknown } from './api/error-responses.ts';
import type { Reply } from './reply.ts';

/** The access tokens of one sandbox. */
export interface Tokens {
  /** Lifetime of a token in seconds, as `expires_in` of the token endpoint. */
  readonly lifetimeSeconds: number;
  issue(): string;
  /** Spotify's reply to a call of the Web API whose Authorization header has no valid token; null if it has one. */
  rejectionOf(authorization: string | undefined): Reply | null;
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
    rejectionOf: (authorization) => {
      if (authorization === undefined || authorization === '') return noToken().reply;
      const [, token] = bearer.exec(authorization) ?? [];
      if (token === undefined) return noBearer().reply;
      const endAtMs = endsAtMs.get(token);
      if (endAtMs === undefined) return tokenUnknown().reply;
      return endAtMs <= now() ? tokenExpired().reply : null;
    },
    expireAll: () => {
      for (const token of endsAtMs.keys()) endsAtMs.set(token, now());
    },
  };
}
