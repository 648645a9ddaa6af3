import { createHash } from 'node:crypto';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../context.ts';
import { epochMs } from '../datasources/spotify/index.ts';
import { traceHeader } from './trace.ts';

/** Lets browsers and CDNs keep what they got by GET: for as long as the whole of it is fresh. */
export const useHttpCache: Plugin<Context> = {
  onExecute({ args: { contextValue } }) {
    if (contextValue.request.method !== 'GET') return undefined;
    return {
      onExecuteDone({ result, setResult }) {
        if (Symbol.asyncIterator in result) return;
        const failed = (result.errors?.length ?? 0) > 0;
        const http = { headers: { 'cache-control': failed ? 'no-store' : cacheControl(contextValue) } };
        setResult({ ...result, extensions: { ...result.extensions, http } });
      },
    };
  },
  async onResponse({ request, response, setResponse, fetchAPI: { Response } }) {
    if (!response.headers.get('cache-control')?.startsWith('public')) return;
    const body = await response.text();
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const headers = new Headers(response.headers);
    headers.set('etag', etag);
    headers.append('vary', `accept, ${traceHeader}`);
    const isHeld = request.headers
      .get('if-none-match')
      ?.split(/\s*,\s*/)
      .includes(etag);
    setResponse(
      isHeld ? new Response(null, { status: 304, headers }) : new Response(body, { status: 200, headers }),
    );
  },
};

function cacheControl({ scope, request }: Context & { request: Request }): string {
  const isShared = scope.usage.stale.length === 0 && request.headers.get(traceHeader) === null;
  const seconds = Math.floor((scope.freshUntilMs - epochMs()) / 1000);
  return isShared && Number.isFinite(seconds) && seconds > 0 ? `public, max-age=${seconds}` : 'no-store';
}
