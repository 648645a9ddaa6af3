import type { Family } from '../quota/families.ts';
import type { Gate } from '../quota/request-queue.ts';
import type { Party } from '../usage/field-context.ts';
import { type HttpAnswer, messageOf, type Outcome } from './http.ts';
import type { Exchange } from './observed-http.ts';
import type { Token } from './token.ts';
import { persist } from './with-retries.ts';

/** One read of the Web API: the path is built from ids and nothing that a client wrote. */
export interface ApiRequest {
  family: Family;
  path: string;
  query: Readonly<Record<string, string>>;
  /** Largest answer that is read, in bytes, where it may exceed the usual. */
  maxBytes?: number;
}

/**
 * Asks Spotify once, which may take several attempts and a new token.
 * @returns an answer of status 200, 304, 400, 401, 403, 404 (always with Spotify's message) or 410
 * @throws GatewayError when there is none
 */
export type Call = (request: ApiRequest, party: Party, etag?: string | null) => Promise<HttpAnswer>;

export interface CallDependencies {
  apiUrl: string;
  exchange: Exchange;
  token: Token;
  gate: Gate;
}

// Names come in the language asked for: one for all, or two clients would share an answer that differs.
export const language = 'en';

export function createCall({ apiUrl, exchange, token, gate }: CallDependencies): Call {
  async function call(request: ApiRequest, party: Party, etag: string | null = null): Promise<HttpAnswer> {
    const first = await ask(request, party, etag);
    if (!isAboutToken(first.answer)) return first.answer;
    token.reject(first.bearer);
    const second = await ask(request, party, etag);
    if (!isAboutToken(second.answer)) return second.answer;
    throw token.distrust(second.bearer);
  }

  async function ask(request: ApiRequest, party: Party, etag: string | null) {
    let bearer = '';
    const attempt = async (): Promise<Outcome> => {
      bearer = await token.get(party);
      return gate.pass(request.family, party, () => send(request, party, bearer, etag));
    };
    const answer = await persist(attempt, {
      mayRetry: (waitMs) =>
        party.wanted() && performance.now() + waitMs < party.deadlineMs() && gate.mayRetry(),
      shut: (reason, waitMs) => gate.shut(request.family, reason, waitMs),
    });
    return { answer, bearer };
  }

  function send(request: ApiRequest, party: Party, bearer: string, etag: string | null): Promise<Outcome> {
    const path = pathOf(request);
    const headers = {
      authorization: `Bearer ${bearer}`,
      accept: 'application/json',
      'accept-language': language,
      ...(etag !== null && { 'if-none-match': etag }),
    };
    const { family, maxBytes } = request;
    return exchange({ family, method: 'GET', path, url: apiUrl + path, headers, maxBytes }, party);
  }

  return call;
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
