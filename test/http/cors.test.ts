import { expect, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { endAfterAll, exchange, type Reply, type RequestOptions } from '../support/process.ts';
import { portOf } from '../support/test-server.ts';

/** Whether browsers let web pages of other origins read the responses. */

type Send = (origin: string, path: string, options?: RequestOptions) => Promise<Reply>;

const onEnd = endAfterAll();
/** By the value of CORS_ORIGINS. They are shared, because each gateway renders the page of GraphiQL. */
const gateways = new Map<string, Promise<Send>>();

/** @returns a function that sends a gateway a request from a web page of this origin */
function listen(origins = ''): Promise<Send> {
  const send = gateways.get(origins) ?? start(origins);
  gateways.set(origins, send);
  return send;
}

async function start(origins: string): Promise<Send> {
  const { gateway } = await withSandbox(origins === '' ? {} : { CORS_ORIGINS: origins }, { onEnd });
  const port = await portOf(gateway.handler, onEnd);
  return (origin, path, { headers, ...options } = {}) =>
    exchange(port, path, { ...options, headers: { origin, ...headers } });
}

const preflight: RequestOptions = {
  method: 'OPTIONS',
  headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
};
const operation: RequestOptions = {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
  body: '{"query":"{ __typename }"}',
};
const [app, other, evil, opaque] = [
  'https://app.example',
  'https://b.example',
  'https://evil.example',
  'null',
];

/** The responses to a query, its preflight, the page of GraphiQL and a path beside the GraphQL endpoint. */
async function sendFrom(send: Send, origin: string): Promise<Reply[]> {
  return [
    await send(origin, '/graphql', operation),
    await send(origin, '/graphql', preflight),
    await send(origin, '/graphql', { headers: { accept: 'text/html', 'accept-encoding': 'gzip' } }),
    await send(origin, '/health'),
  ];
}

const corsHeaders = ({ headers }: Reply) =>
  Object.entries(headers).filter(([name]) => name.startsWith('access-control-'));

test('a web page of another origin gets no CORS header without CORS_ORIGINS', async () => {
  const send = await listen();
  for (const origin of [app, evil, opaque]) {
    expect((await sendFrom(send, origin)).flatMap(corsHeaders)).toEqual([]);
  }
});

test.each([app, `${app}, ${other}`, 'capacitor://localhost'])(
  'a web page may read responses if CORS_ORIGINS has the origin of the page: %s',
  async (origins) => {
    const send = await listen(origins);
    for (const origin of origins.split(', ')) {
      for (const { headers } of await sendFrom(send, origin)) {
        expect(headers['access-control-allow-origin']).toBe(origin);
        expect(headers['access-control-allow-credentials']).toBeUndefined();
      }
      const { status, headers } = await send(origin, '/graphql', preflight);
      expect(status).toBe(204);
      expect(headers['access-control-allow-methods']).toContain('POST');
      expect(headers['access-control-allow-headers']).toContain('content-type');
    }
  },
);

test('a browser asks once in two hours whether a web page may send requests', async () => {
  const { headers } = await (await listen(app))(app, '/graphql', preflight);
  expect(headers['access-control-max-age']).toBe('7200');
});

test('caches distinguish responses by origin if CORS_ORIGINS has several origins', async () => {
  const send = await listen(`${app}, ${other}`);
  for (const origin of [app, evil]) {
    const { headers } = await send(origin, '/graphql', operation);
    expect(headers.vary).toMatch(/\borigin\b/i);
  }
});

test('caches distinguish a cacheable response by origin', async () => {
  const send = await listen(app);
  const query = encodeURIComponent('{ artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") { name } }');
  const { headers } = await send(app, `/graphql?query=${query}`);
  expect(headers['cache-control']).toMatch(/^public/);
  expect(headers['access-control-allow-origin']).toBe(app);
  for (const name of ['origin', 'accept', 'x-spotify-trace']) expect(headers.vary).toContain(name);
});

// A browser sends `Origin: null` for any sandboxed frame, so a response that allows "null" allows every origin.
test.each([app, `${app}, ${other}`])(
  'a web page may not read responses if CORS_ORIGINS lacks the origin of the page: %s',
  async (origins) => {
    const send = await listen(origins);
    const otherOrigins = [
      evil,
      opaque,
      `${app}.evil.example`,
      'http://app.example',
      'https://app.example:444',
    ];
    for (const origin of otherOrigins) {
      expect((await sendFrom(send, origin)).flatMap(corsHeaders)).toEqual([]);
    }
  },
);

test('a web page of an allowed origin may read why a request is rejected, also one with an invalid target or body', async () => {
  const { gateway } = await withSandbox({ CORS_ORIGINS: app });
  const port = await portOf(gateway.listener);
  const json = { 'content-type': 'application/json' };
  const rejected: [path: string, options: RequestOptions, status: number][] = [
    ['/graphql', { headers: { host: 'service.1' } }, 400],
    ['/graphql#x', {}, 400],
    ['/graphql', { method: 'POST', headers: json, body: '{' }, 400],
    ['/graphql', { method: 'POST', headers: json, body: 'x'.repeat(100_001) }, 413],
    ['/graphql', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }, 415],
    ['/graphql', { headers: { accept: 'text/plain' } }, 406],
    ['/graphql', { method: 'PUT' }, 405],
    ['/nothing', {}, 404],
  ];
  for (const [path, { headers, ...options }, status] of rejected) {
    const response = await exchange(port, path, { ...options, headers: { origin: app, ...headers } });
    expect([response.status, response.headers['access-control-allow-origin']], path).toEqual([status, app]);
    expect(response.headers['access-control-expose-headers']).toContain('x-request-id');
    expect(response.headers.vary).toMatch(/\borigin\b/i);
  }
});
