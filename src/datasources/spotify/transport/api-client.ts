import type { Family } from '../quota/families.ts';
import type { RequestQueue } from '../quota/request-queue.ts';
import type { Waiters } from '../usage/field-context.ts';
import { type HttpAnswer, messageOf, type Outcome } from './http.ts';
import type { ObservedHttp } from './observed-http.ts';
import type { Token } from './token.ts';
import { withRetries } from './with-retries.ts';

/** One read of the Web API: the path is built from ids and nothing that a client wrote. */
export interface ApiRequest {
  family: Family;
  path: string;
  query: Readonly<Record<string, string>>;
  /** Largest answer that is read, in bytes, where it may exceed the usual. */
  maxBytes?: number;
}

export interface ApiClient {
  /**
   * Reads from the Web API, with retries and, after a 401 about the token, with a new token once.
   * @param etag of the cached response, for a conditional request
   * @returns a response of status 200, 304, 400, 401, 403, 404 (always with Spotify's message) or 410
   * @throws GatewayError if there is none
   */
  request(request: ApiRequest, waiters: Waiters, etag?: string | null): Promise<HttpAnswer>;
}

export interface ApiClientDependencies {
  apiUrl: string;
  observedHttp: ObservedHttp;
  token: Token;
  requestQueue: RequestQueue;
}

// Names come in the language asked for: one for all, or two clients would share an answer that differs.
export const acceptLanguage = 'en';

export function createApiClient({
  apiUrl,
  observedHttp,
  token,
  requestQueue,
}: ApiClientDependencies): ApiClient {
  async function request(
    apiRequest: ApiRequest,
    waiters: Waiters,
    etag: string | null = null,
  ): Promise<HttpAnswer> {
    const first = await attemptWithToken(apiRequest, waiters, etag);
    if (!isAboutToken(first.answer)) return first.answer;
    token.reject(first.bearer);
    const second = await attemptWithToken(apiRequest, waiters, etag);
    if (!isAboutToken(second.answer)) return second.answer;
    throw token.distrust(second.bearer);
  }

  async function attemptWithToken(request: ApiRequest, waiters: Waiters, etag: string | null) {
    let bearer = '';
    const attempt = async (): Promise<Outcome> => {
      bearer = await token.get(waiters);
      return requestQueue.schedule(request.family, waiters, () => send(request, waiters, bearer, etag));
    };
    const answer = await withRetries(attempt, {
      mayRetry: (waitMs) =>
        waiters.hasActive() && performance.now() + waitMs < waiters.deadlineMs() && requestQueue.mayRetry(),
      shut: (reason, waitMs) => requestQueue.backOff(request.family, reason, waitMs),
    });
    return { answer, bearer };
  }

  function send(
    request: ApiRequest,
    waiters: Waiters,
    bearer: string,
    etag: string | null,
  ): Promise<Outcome> {
    const path = pathOf(request);
    const headers = {
      authorization: `Bearer ${bearer}`,
      accept: 'application/json',
      'accept-language': acceptLanguage,
      ...(etag !== null && { 'if-none-match': etag }),
    };
    const { family, maxBytes } = request;
    return observedHttp({ family, method: 'GET', path, url: apiUrl + path, headers, maxBytes }, waiters);
  }

  return { request };
}

/** Relative to the base URL, with the query. */
export function pathOf({ path, query }: ApiRequest): string {
  const search = new URLSearchParams(query).toString();
  return search === '' ? path : `${path}?${search}`;
}

// A 401 too: it wants the token of a user, so another token of the app would change nothing.
const needsUser = /user authentication/i;
const tokenRejected = /invalid_token/i; // the error code of RFC 6750
const tokenProblem = /token/i; // as in "The access token expired"

/**
 * Whether a new token may mend it: the challenge says so, whatever the message, or the message does. A 401 without
 * either gives no cause at all, and the token is the usual one.
 */
function isAboutToken({ status, body, wwwAuthenticate: challenge }: HttpAnswer): boolean {
  if (status !== 401) return false;
  const message = messageOf(body);
  if (message !== null && needsUser.test(message)) return false;
  if (challenge && tokenRejected.test(challenge)) return true;
  return message === null ? !challenge : tokenProblem.test(message);
}
