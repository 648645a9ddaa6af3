import { propertyOf } from '../../../json.ts';
import type { HttpResponse } from './http.ts';

/** What the responses with which Spotify rejects a call mean: its statuses alone do not tell. */

/** The `error.message` of a Spotify error; null if it has none. Never shown to clients. */
export function messageOf(body: unknown): string | null {
  const message = propertyOf(propertyOf(body, 'error'), 'message');
  return typeof message === 'string' ? message : null;
}

/** A 404 of Spotify has a message: one without it comes from a proxy or a failing server. */
export const isUnexplained404 = ({ status, body }: HttpResponse): boolean =>
  status === 404 && (messageOf(body) ?? '').trim() === '';

/** A 404 that states in plain text, or in a text as its `error`, that there is no such endpoint. */
export function isPlainNotFound({ status, body }: HttpResponse): boolean {
  const text = typeof body === 'string' ? body : propertyOf(body, 'error');
  return status === 404 && typeof text === 'string' && /^(service )?not found\.?$/i.test(text.trim());
}

/** Spotify states that the Premium subscription of the app's owner has lapsed, in JSON or in plain text. */
export const isPremiumLapsed = ({ status, body }: HttpResponse): boolean =>
  status === 403 && premiumLapsed.test(messageOf(body) ?? (typeof body === 'string' ? body : ''));

const premiumLapsed = /premium subscription (is )?required for the owner of the app/i;

/**
 * A 403 without JSON: an edge server has rejected the call before the endpoint saw it. It does not depend on the
 * capabilities of the app.
 */
export const isEdgeRejection = (response: HttpResponse): boolean =>
  response.status === 403 &&
  (response.body === undefined || typeof response.body === 'string') &&
  !isPremiumLapsed(response);

/** Since July 2026 `error.reason` distinguishes a used-up quota from a rate limit. */
export const isQuotaExceeded = ({ body }: HttpResponse): boolean =>
  propertyOf(propertyOf(body, 'error'), 'reason') === 'QUOTA_EXCEEDED';

const needsUser = /user authentication/i;
const invalidToken = /invalid_token/i; // the error code of RFC 6750
const tokenProblem = /token/i; // as in "The access token expired"

/** A 401 of an endpoint that needs the token of a user: another token of the app would change nothing. */
export function needsUserToken({ status, body }: Pick<HttpResponse, 'status' | 'body'>): boolean {
  const texts = [messageOf(body), body, propertyOf(body, 'error')];
  return status === 401 && texts.some((text) => typeof text === 'string' && needsUser.test(text));
}

/**
 * Whether a new token may help: either the challenge or the message names the token. A 401 without both states no cause,
 * and the usual cause is the token.
 */
export function isTokenRejected({ status, body, wwwAuthenticate: challenge }: HttpResponse): boolean {
  if (status !== 401) return false;
  if (needsUserToken({ status, body })) return false;
  const message = messageOf(body);
  if (challenge && invalidToken.test(challenge)) return true;
  return message === null ? !challenge : tokenProblem.test(message);
}
