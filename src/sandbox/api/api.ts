import type { IncomingHttpHeaders } from 'node:http';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Conditions } from '../quota-mode.ts';
import { jsonReply, Refusal, type Reply, unlessHeld } from '../reply.ts';
import type { Tokens } from '../tokens.ts';
import type { Ask } from './ask.ts';
import { forbidden, unknownRoute, userNeeded, wrongMethod } from './refusals.ts';
import { findRoute } from './routes.ts';

/** A call of the Web API. */
export interface ApiRequest {
  method: string;
  /** The request's target: `/v1/albums/…?market=DE`. */
  url: string;
  headers: Readonly<IncomingHttpHeaders>;
}

export interface ApiParts {
  catalogue: Catalogue;
  tokens: Tokens;
  apiUrl: string;
}

// Enough for the working set of a load test, at some 20 kB each.
const keptReplies = 500;

/** Makes the Web API: a function from a call and its circumstances to an answer. */
export function createApi({ catalogue, tokens, apiUrl }: ApiParts) {
  // The catalogue never changes, so a call that differs in nothing has the answer it had before.
  const kept = new Map<string, Reply>();

  const root = `${new URL(apiUrl).pathname}/`;

  const read = async (
    method: string,
    url: string,
    locale: string | undefined,
    conditions: Conditions,
  ): Promise<Reply> => {
    const { pathname, searchParams } = new URL(url, apiUrl);
    const path = pathname.startsWith(root) ? pathname.slice(root.length) : '';
    const found = findRoute(path);
    if (!found) throw unknownRoute();
    const { route, id } = found;
    // Authorisation comes first: `limit=abc` on a removed endpoint is 403 (measured 2026-09-30).
    if (route.extendedOnly && conditions.endpoints === 'development') throw forbidden();
    if (method !== 'GET') throw route.userWrites ? userNeeded() : wrongMethod();
    const ask: Ask = { path, id, query: searchParams, catalogue, conditions, apiUrl, locale };
    await route.prepare?.(ask);
    return jsonReply(route.read(ask));
  };

  return async ({ method, url, headers }: ApiRequest, conditions: Conditions): Promise<Reply> => {
    try {
      tokens.check(headers.authorization);
      const locale = headers['accept-language'];
      const key = JSON.stringify([method, url, locale, conditions]);
      const reply = kept.get(key) ?? (await read(method, url, locale, conditions));
      if (!kept.has(key)) keep(kept, key, reply);
      return unlessHeld(reply, headers['if-none-match']);
    } catch (error) {
      if (error instanceof Refusal) return error.reply;
      throw error;
    }
  };
}

function keep(kept: Map<string, Reply>, key: string, reply: Reply): void {
  const [oldest] = kept.keys();
  if (kept.size >= keptReplies && oldest !== undefined) kept.delete(oldest);
  kept.set(key, reply);
}
