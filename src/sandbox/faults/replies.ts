import {
  errorResponse,
  forbidden,
  tokenExpired,
  tokenUnknown,
  userNeeded,
  withdrawnRoute,
} from '../api/error-responses.ts';
import { type Reply, rateLimitHeaders } from '../reply.ts';
import type { FaultOf, RateLimitForm } from './rule.ts';

// Replies that faults send instead of the correct one, with Spotify's texts if they are known.

const premiumMessage =
  'Active premium subscription required for the owner of the app. When the subscription status changes, it can take a few hours before requests are allowed again.';

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
  const { reply } = errorResponse(403, premiumMessage);
  if (form === 'json') return reply;
  return {
    ...reply,
    headers: { ...reply.headers, 'content-type': 'text/plain' },
    body: Buffer.from(premiumMessage),
  };
}

export const withdrawnReplies = {
  403: () => forbidden().reply,
  404: () => withdrawnRoute().reply,
  410: () => errorResponse(410, 'Gone').reply,
};

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
