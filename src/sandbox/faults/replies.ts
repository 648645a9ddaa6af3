import { tokenExpired, tokenUnknown, userNeeded } from '../api/error-responses.ts';
import { failureHeaders, type Reply, rateLimitHeaders } from '../reply.ts';
import type { FaultOf, RateLimitForm } from './rule.ts';

// Replies that faults send instead of the correct one, with Spotify's texts if they are known.

const premiumMessage =
  'Active premium subscription required for the owner of the app. When the subscription status changes, it can take a few hours before requests are allowed again.';

const withdrawnMessages = { 403: 'Forbidden', 404: 'Not Found', 410: 'Gone' } as const;

export const unauthorizedReplies = {
  expired: () => tokenExpired().reply,
  invalid: () => tokenUnknown().reply,
  user: () => userNeeded().reply,
};

/** A 429; without `retryAfterSeconds` it has no Retry-After, as was reported (beets#4370). */
export function rateLimitReply(form: RateLimitForm, retryAfterSeconds?: number): Reply {
  const headers = {
    ...rateLimitHeaders,
    ...(form !== 'text' && { 'content-type': 'application/json; charset=utf-8' }),
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  };
  return { status: 429, headers, body: Buffer.from(rateLimitBodies[form]) };
}

const rateLimitBodies: Record<RateLimitForm, string> = {
  text: 'Too many requests',
  json: JSON.stringify({ error: { status: 429, message: 'API rate limit exceeded' } }),
  quota: JSON.stringify({ error: { status: 429, message: 'Too many requests', reason: 'QUOTA_EXCEEDED' } }),
};

export function premiumLapsedReply(form: 'json' | 'text' = 'json'): Reply {
  return form === 'json' ? failure(403, premiumMessage) : plain(403, premiumMessage);
}

export const withdrawnReply = (status: 403 | 404 | 410 = 403): Reply =>
  failure(status, withdrawnMessages[status]);

export const redirectReply = ({ to, status = 302 }: FaultOf<'redirect'>): Reply => ({
  status,
  headers: { location: to },
  body: Buffer.alloc(0),
});

/** The reply of an `answer` fault, which the rule defines completely. */
export function spelledReply({ status = 200, headers = {}, json, text = '' }: FaultOf<'answer'>): Reply {
  const defaultHeaders: Record<string, string | null> = {
    'content-type': json === undefined ? 'text/plain' : 'application/json; charset=utf-8',
  };
  const sentHeaders = Object.entries({ ...defaultHeaders, ...headers }).flatMap(([name, value]) =>
    value === null ? [] : [[name.toLowerCase(), value] as const],
  );
  const body = Buffer.from(json === undefined ? text : JSON.stringify(json));
  return { status, headers: Object.fromEntries(sentHeaders), body };
}

function failure(status: number, message: string): Reply {
  return {
    status,
    headers: failureHeaders,
    body: Buffer.from(JSON.stringify({ error: { status, message } })),
  };
}

function plain(status: number, text: string): Reply {
  return { status, headers: { ...failureHeaders, 'content-type': 'text/plain' }, body: Buffer.from(text) };
}
