import type { IncomingHttpHeaders } from 'node:http';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Conditions } from '../quota-mode.ts';
import { ErrorResponse, jsonReply, type Reply, unlessNotModified } from '../reply.ts';
import { forbidden, unknownRoute, userNeeded, wrongMethod } from './error-responses.ts';
import type { RequestContext } from './request-context.ts';
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
  apiUrl: string;
  imagesUrl: string;
}

// Enough for a load test; a reply has about 20 kB.
const maxCachedReplies = 500;

/** Creates the Web API: a function from a request with a valid token, and its conditions, to a reply. */
export function createApi({ catalogue, apiUrl, imagesUrl }: ApiParts) {
  // The catalogue never changes, so equal requests under equal conditions have equal replies.
  const cachedReplies = new Map<string, Reply>();

  const rootPath = `${new URL(apiUrl).pathname}/`;

  const read = async (
    method: string,
    url: string,
    locale: string | undefined,
    conditions: Conditions,
  ): Promise<Reply> => {
    const [pathname = ''] = url.split('?');
    const query = new URLSearchParams(url.slice(pathname.length));
    const path = pathname.startsWith(rootPath) ? pathname.slice(rootPath.length) : '';
    const routeMatch = findRoute(path);
    if (!routeMatch) throw unknownRoute();
    const { route, id } = routeMatch;
    // Authorisation comes first: `limit=abc` on a removed endpoint is 403 (measured 2026-09-30).
    if (route.extendedOnly && conditions.endpoints === 'development') throw forbidden();
    if (method !== 'GET') throw route.userWrites ? userNeeded() : wrongMethod();
    const request: RequestContext = { path, id, query, catalogue, conditions, apiUrl, imagesUrl, locale };
    await route.prepare?.(request);
    return jsonReply(route.read(request));
  };

  return async ({ method, url, headers }: ApiRequest, conditions: Conditions): Promise<Reply> => {
    try {
      const locale = headers['accept-language'];
      const key = JSON.stringify([method, url, locale, conditions]);
      const reply = cachedReplies.get(key) ?? (await read(method, url, locale, conditions));
      if (!cachedReplies.has(key)) cacheReply(cachedReplies, key, reply);
      return unlessNotModified(reply, headers['if-none-match']);
    } catch (error) {
      if (error instanceof ErrorResponse) return error.reply;
      throw error;
    }
  };
}

function cacheReply(cachedReplies: Map<string, Reply>, key: string, reply: Reply): void {
  const [oldestKey] = cachedReplies.keys();
  if (cachedReplies.size >= maxCachedReplies && oldestKey !== undefined) cachedReplies.delete(oldestKey);
  cachedReplies.set(key, reply);
}
