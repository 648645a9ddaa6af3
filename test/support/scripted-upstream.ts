import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { WrittenRule } from './case-format.ts';
import { plainObject } from './plain-objects.ts';
import { portOf } from './test-server.ts';
import type { Upstream } from './upstream.ts';

/** A Spotify that responds by rules, with a token endpoint that always issues a token. */

export interface UpstreamCall {
  /** Without `/v1` and without the query. */
  path: string;
  query: URLSearchParams;
  status: number;
}

export interface ScriptedUpstream extends Upstream {
  /** Every call of the Web API so far. */
  calls(): UpstreamCall[];
  /** The same calls, each as `200 /artists/…?limit=10`, with its query decoded. */
  log(): string[];
}

interface Reply {
  status: number;
  text: string;
  contentType?: string;
  delayMs?: number | undefined;
}

/** Starts the upstream on a loopback port; it stops with the test. */
export async function startScriptedUpstream(rules: readonly WrittenRule[]): Promise<ScriptedUpstream> {
  const calls: UpstreamCall[] = [];
  const replyTo = replyBy(rules);

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://upstream.test');
    if (url.pathname === '/api/token') return send(response, token);
    const path = url.pathname.replace(/^\/v1/, '');
    const reply = isAuthorized(request) ? replyTo(path, url.searchParams) : refusal(401, 'No token provided');
    calls.push({ path, query: url.searchParams, status: reply.status });
    if (reply.delayMs === undefined) send(response, reply);
    else setTimeout(() => send(response, reply), reply.delayMs);
  });

  const base = `http://127.0.0.1:${await portOf(server)}`;
  return {
    apiUrl: `${base}/v1`,
    tokenUrl: `${base}/api/token`,
    clientId: 'scripted',
    clientSecret: 'scripted',
    calls: () => [...calls],
    log: () =>
      calls.map(({ path, query, status }) => {
        const written = Array.from(query, ([name, value]) => `${name}=${value}`).join('&');
        return `${status} ${path}${written && `?${written}`}`;
      }),
  };
}

const json = (status: number, body: unknown): Reply => ({
  status,
  text: JSON.stringify(body),
  contentType: 'application/json; charset=utf-8',
});
const refusal = (status: number, message: string): Reply => json(status, { error: { status, message } });

const accessToken = 'scripted-token';
const token = json(200, { access_token: accessToken, token_type: 'Bearer', expires_in: 3600 });
const isAuthorized = ({ headers }: IncomingMessage): boolean =>
  headers.authorization === `Bearer ${accessToken}`;

function replyBy(rules: readonly WrittenRule[]) {
  const scripted = rules.map((rule) => ({ rule, path: new RegExp(rule.path), left: rule.times ?? Infinity }));
  return (path: string, query: URLSearchParams): Reply => {
    const match = scripted.find(
      (each) => each.left > 0 && each.path.test(path) && hasAll(query, each.rule.query ?? {}),
    );
    if (!match) return refusal(404, 'Resource not found');
    match.left -= 1;
    return { ...replyOf(match.rule, path, query), delayMs: match.rule.delayMs };
  };
}

const hasAll = (query: URLSearchParams, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => query.get(name) === value);

function replyOf(
  { status = 200, body, raw, echo, echoPage }: WrittenRule,
  path: string,
  query: URLSearchParams,
): Reply {
  if (raw !== undefined) return { status, text: raw };
  if (echo !== undefined) {
    const ids = query.get('ids')?.split(',');
    if (ids) return json(status, { [`${echo}s`]: ids.map((id) => plainObject(echo, id)) });
    return json(status, plainObject(echo, path.split('/').at(-1) ?? ''));
  }
  if (body === undefined) return { status, text: '' };
  return json(status, echoPage ? withRequestedPage(body, query) : body);
}

/** The body with `limit` and `offset` of its pages set to those of the request. */
function withRequestedPage(body: unknown, query: URLSearchParams): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  if ('items' in body) {
    const requested = ['limit', 'offset'].flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, Number(value)] as const];
    });
    return { ...body, ...Object.fromEntries(requested) };
  }
  return Object.fromEntries(
    Object.entries(body).map(([name, part]) => [name, withRequestedPage(part, query)]),
  );
}

function send(response: ServerResponse, { status, text, contentType }: Reply): void {
  response.writeHead(status, { ...(contentType && { 'content-type': contentType }) });
  response.end(text);
}
