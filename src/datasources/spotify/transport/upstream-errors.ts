import {
  type GatewayError,
  UpstreamForbidden,
  UpstreamQuotaExceeded,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../../../errors.ts';
import { durationText } from '../../../text.ts';
import type { Family } from '../usage/observer.ts';

/** Too many calls in a short time, the calls of a day used up, or an outage of Spotify. */
export type BackOffReason = (typeof backOffReasons)[number];
export const backOffReasons = ['rate', 'quota', 'unavailable'] as const;
/** The back-off of an endpoint family. */
export interface ActiveBackOff {
  reason: BackOffReason;
  /** Milliseconds until its end. */
  waitMs: number;
}
/** `premium-lapsed`: Spotify rejects all calls, because the Premium subscription of the app's owner has lapsed. */
export type RejectionReason = BackOffReason | 'premium-lapsed';

/**
 * The error of a request during a back-off that lasts `waitMs` more.
 * @param endpoint an endpoint family, or the token endpoint
 */
export function backOffError(
  endpoint: Family | 'token',
  reason: RejectionReason,
  waitMs: number,
): GatewayError {
  const retryAfter = wholeSeconds(waitMs);
  const rateLimit = `Spotify limits the gateway's ${endpoint === 'token' ? 'token requests' : 'calls'}`;
  switch (reason) {
    case 'rate':
      return new UpstreamRateLimited(`${rateLimit}: ${retryAfterText(retryAfter)}.`, { retryAfter });
    case 'quota': {
      const cause =
        endpoint === 'token' // which has no daily quota
          ? rateLimit
          : `The daily quota of the Spotify endpoint ${endpoint} is used up`;
      return new UpstreamQuotaExceeded(`${cause}: ${retryAfterText(retryAfter)}.`, { retryAfter });
    }
    case 'unavailable':
      return new UpstreamUnavailable(`Spotify is temporarily unavailable: ${retryAfterText(retryAfter)}.`);
    case 'premium-lapsed':
      return premiumError();
  }
}

/** The sum of two clock readings has a rounding error, which must not become a whole second. */
const wholeSeconds = (waitMs: number): number => Math.max(1, Math.ceil(Math.round(waitMs) / 1000));

/** Log and metrics name the cause: only the operator can remove it. */
export const premiumError = () =>
  new UpstreamForbidden("Spotify rejects all of the gateway's calls at present; its operator has to act.");

/** @param status of Spotify's response */
export const failedError = (status: number) =>
  new UpstreamUnavailable(`Spotify responded with status ${status}: retry after a few seconds.`);

export const unreachableError = () =>
  new UpstreamUnavailable('Spotify cannot be reached: retry after a few seconds.');

export const certificateError = () =>
  new UpstreamUnavailable('Spotify cannot be reached: the gateway does not trust its TLS connection.');

export const retryAfterText = (seconds: number): string => `retry after ${durationText(seconds)}`;
