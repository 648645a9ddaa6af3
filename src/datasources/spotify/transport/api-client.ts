import { UpstreamAuthFailed } from '../../../errors.ts';
import type { Family } from '../usage/observer.ts';
import type { Waiters } from '../usage/waiters.ts';
import { type HttpResponse, isTimeout, type ObservedHttp, type Outcome } from './http.ts';
import { isTokenRejected } from './response-meaning.ts';
import { maxAttempts, type RetryHooks, withRetries } from './retry.ts';
import type { Token } from './token.ts';
import type { ActiveBackOff, BackOffReason } from './upstream-errors.ts';

/** One read of the Web API. Each id in the path is a `SpotifyId`, or a text that `pathSegment` has encoded. */
export interface ApiRequest {
  family: Family;
  path: string;
  query: Readonly<Record<string, string>>;
  /** Maximum size of the response, in bytes; default 2 MB. */
  maxBytes?: number;
}

export interface ApiClient {
  /**
   * Reads from the Web API, with retries and, after a 401 about the token, with a new token once.
   * @param etag of the cached response, for a conditional request
   * @param hasCachedEntry whether a failed read is replaced by a cached response: then a call without a response in time is not
   * repeated, because clients would wait for each timeout
   * @returns a response of status 200, 304, 400, 401 (never about the token), 403, 404 (with Spotify's message, or a repeated
   * one for which `isUnexplained404` holds) or 410
   * @throws GatewayError if there is none
   */
  request(
    request: ApiRequest,
    waiters: Waiters,
    etag?: string | null,
    hasCachedEntry?: boolean,
  ): Promise<HttpResponse>;
}

/** Decides when each call is sent. */
export interface CallScheduler {
  /** Sends one call in its turn. @throws GatewayError as soon as it is clear that the call cannot be sent in time */
  schedule<T>(family: Family, waiters: Waiters, call: ScheduledCall<T>): Promise<Outcome>;
  /** Whether one more retry keeps to the share of calls that may be retries; counts it if so. */
  takeRetry(): boolean;
  /**
   * Starts a back-off of one family, in all processes, unless the family already is in a longer one.
   * @param waitMs null if Spotify named no time
   * @param isQuotaStated see `RetryHooks.startBackOff`
   */
  startBackOff(
    family: Family,
    reason: BackOffReason,
    waitMs: number | null,
    isQuotaStated?: boolean,
  ): ActiveBackOff;
}

export interface ScheduledCall<T> {
  /** Whether the call comes before others: it was sent before, or had its turn without being sent. */
  goesFirst: boolean;
  /** Gets the token when the turn of the call has come. If it throws, nothing is sent or counted. */
  prepare(): Promise<T>;
  /** Sends the call. */
  run(prepared: T): Promise<Outcome>;
}

export interface ApiClientDependencies {
  apiUrl: string;
  observedHttp: ObservedHttp;
  token: Token;
  requestQueue: CallScheduler;
}

// Spotify translates names: one language for all, or two clients would share a cached response that differs.
export const acceptLanguage = 'en';

export function createApiClient(dependencies: ApiClientDependencies): ApiClient {
  const { apiUrl, observedHttp, token, requestQueue } = dependencies;

  /** One read with retries, and the token and number of its last attempt. */
  async function requestWithToken(
    request: ApiRequest,
    waiters: Waiters,
    etag: string | null,
    hasCachedEntry: boolean,
    firstAttempt: number,
  ) {
    let bearer = '';
    let attempts = 0;
    const attempt = async (number: number): Promise<Outcome> => {
      attempts = number;
      await token.get(waiters); // without a token the call need not be queued
      return requestQueue.schedule(request.family, waiters, {
        goesFirst: number > 1,
        // While the call was queued the token may have been replaced, or rejected without a replacement.
        prepare: () => token.get(waiters),
        run(currentToken) {
          bearer = currentToken;
          const path = pathOf(request);
          const headers = {
            authorization: `Bearer ${bearer}`,
            accept: 'application/json',
            'accept-language': acceptLanguage,
            ...(etag !== null && { 'if-none-match': etag }),
          };
          const { family, maxBytes } = request;
          return observedHttp(
            { family, method: 'GET', path, url: apiUrl + path, headers, maxBytes },
            waiters,
          );
        },
      });
    };
    const hooks: RetryHooks = {
      endpoint: request.family,
      mayRetry: (waitMs, outcome) =>
        !(hasCachedEntry && isTimeout(outcome)) &&
        waiters.hasActive() &&
        performance.now() + waitMs < waiters.deadlineMs() &&
        requestQueue.takeRetry(),
      startBackOff: (...backOff) => requestQueue.startBackOff(request.family, ...backOff),
    };
    const response = await withRetries(attempt, hooks, firstAttempt);
    return { response, bearer, attempts };
  }

  return {
    async request(apiRequest, waiters, etag = null, hasCachedEntry = false) {
      const requestFrom = (attempt: number) =>
        requestWithToken(apiRequest, waiters, etag, hasCachedEntry, attempt);
      const firstResult = await requestFrom(1);
      if (!isTokenRejected(firstResult.response)) return firstResult.response;
      token.invalidate(firstResult.bearer);
      // The 401 is not returned, because the caller would take it for an endpoint that Spotify withholds.
      if (firstResult.attempts >= maxAttempts) throw expiredError();
      const secondResult = await requestFrom(firstResult.attempts + 1);
      if (!isTokenRejected(secondResult.response)) return secondResult.response;
      throw token.markRejected(secondResult.bearer);
    },
  };
}

/** The next read gets a new token. */
const expiredError = () =>
  new UpstreamAuthFailed('The access token is no longer valid: retry after a few seconds.');

/** Relative to the base URL, with the query. */
export function pathOf({ path, query }: ApiRequest): string {
  const search = new URLSearchParams(query).toString();
  return search === '' ? path : `${path}?${search}`;
}
