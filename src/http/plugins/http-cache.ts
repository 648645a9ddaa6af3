import { createHash } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { epochMs, type OperationContext } from '../../datasources/spotify/index.ts';
import { traceHeader } from '../../operation/trace.ts';
import type { Context } from '../../schema/context.ts';

/** Lets browsers and CDNs keep what they got by GET: for as long as the whole of it is fresh. */
export const useHttpCache: Plugin<Context> = {
  onExecutionResult({ request, result, setResult, context }) {
    const { plan, operationContext } = context as unknown as Context;
    if (request.method !== 'GET' || !plan) return; // what never ran has nothing that could be kept
    const { errors = [], extensions } = result as ExecutionResult;
    const isLasting = errors.length === 0 && request.headers.get(traceHeader) === null;
    const http = { headers: { 'cache-control': isLasting ? cacheControl(operationContext) : 'no-store' } };
    setResult({ ...(result as ExecutionResult), extensions: { ...extensions, http } } as typeof result &
      object);
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

function cacheControl({ usage, freshUntilMs }: OperationContext): string {
  const seconds = Math.floor((freshUntilMs - epochMs()) / 1000);
  const isFresh = usage.stale.length === 0 && Number.isFinite(seconds) && seconds > 0;
  return isFresh ? `public, max-age=${seconds}` : 'no-store';
}
