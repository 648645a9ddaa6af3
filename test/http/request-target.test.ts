import * as net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { openSocket, startServer, until } from '../support/process.ts';
import { portOf } from '../support/test-server.ts';

/** Targets and hosts are compared byte for byte: no other spelling of a path or a host reaches a route. */

const query = '{"query":"{ __typename }"}';
const json = { 'content-type': 'application/json' };

/** The status of a request whose target and headers are sent as given. */
async function statusOf(port: number, target: string, headers = 'host: gateway', method = 'GET') {
  const socket = await openSocket(
    port,
    `${method} ${target} HTTP/1.1\r\n${headers}\r\nconnection: close\r\n\r\n`,
  );
  const status = await until(() => /^HTTP\/1\.1 (\d+)/.exec(socket.received())?.[1], 5_000);
  return { status: Number(status), received: socket.received };
}

/** The port of a new gateway. */
const listen = async (part: 'listener' | 'handler' = 'listener') =>
  portOf((await withSandbox()).gateway[part]);

const routes = ['/metrics', '/health', '/ready', '/schema.graphql', '/graphql'];

const spellings = (path: string): string[] => [
  `/.${path}`,
  `/x/..${path}`,
  `/%2e${path}`,
  `/%2E%2e${path}`,
  `/x/%2e%2e${path}`,
  `${path}/.`,
  `${path}/x/..`,
  `/${path}`,
  `/.%2f${path.slice(1)}`,
  path.replace('/', '\\'),
  `/\\..${path}`,
  path.replace(/(\w)(?=\w*$)/, (character) => `%${character.charCodeAt(0).toString(16)}`),
  `${path}#x`,
  `${path}\t`,
  `http://gateway${path}`,
];

describe.each(['listener', 'handler'] as const)('the %s', (part) => {
  test.each(routes)('the gateway serves %s in no other spelling', async (path) => {
    const port = await listen(part);
    for (const target of spellings(path)) {
      const { status } = await statusOf(port, target);
      // A target that is not a URL does not reach the handler: yoga's adapter responds with 400.
      expect([400, 404], target).toContain(status);
    }
  });

  test('a request reaches no other path by a Host header that ends with that path', async () => {
    const port = await listen(part);
    for (const path of ['/metrics', '/health', '/ready']) {
      for (const host of [`a${path}?`, `a${path}#`, `a${path}/..`, `a@b${path}?`]) {
        const { status } = await statusOf(port, '/graphql?x=1', `host: ${host}`);
        expect([400, 404], host).toContain(status);
        const post = await statusOf(port, '/graphql', `host: ${host}\r\ncontent-length: 0`, 'POST');
        expect([400, 404, 415], host).toContain(post.status);
      }
    }
  });
});

test('a path is compared without its query string', async () => {
  const port = await listen();
  for (const target of ['/metrics?x=/../y', '/health?', '/ready?/%2e']) {
    expect((await statusOf(port, target)).status, target).toBe(200);
  }
});

test('a target with an empty fragment is 400, because yoga would treat the request as a health check', async () => {
  const port = await listen();
  for (const target of ['/anything#', '/graphql#']) expect((await statusOf(port, target)).status).toBe(400);
});

test.each([
  'a/metrics?',
  '[',
  '[::1',
  '::1',
  'a b',
  'a,b',
  'gateway:99999',
  'gateway:',
  'gateway:x',
  'service.1',
  '1.2.3.999',
  'user@gateway',
  'a..b',
  '',
  'é',
  'x'.repeat(300),
])('an invalid Host header is 400 with a code: "%s"', async (host) => {
  const { gateway, sandbox } = await withSandbox();
  const port = await portOf(gateway.listener);
  for (const [target, method] of [
    ['/health', 'GET'],
    ['/graphql?query={__typename}', 'GET'],
    ['/graphql', 'POST'],
  ] as const) {
    const { status, received } = await statusOf(port, target, `host: ${host}`, method);
    expect(status).toBe(400);
    await until(() => received().includes('"BAD_REQUEST"'), 1_000);
    expect(received()).not.toMatch(/\bat |node_modules|file:/);
  }
  expect(sandbox.calls()).toEqual([]);
});

test('a request with two Host headers is 400, even if the headers are equal', async () => {
  const port = await listen();
  for (const second of ['other', 'gateway'])
    expect((await statusOf(port, '/health', `host: gateway\r\nHost: ${second}`)).status).toBe(400);
});

test.each([
  'gateway',
  'gateway:4000',
  'localhost',
  'a.example.',
  'my_service',
  '127.0.0.1',
  '127.0.0.1:80',
  '[::1]',
  '[::1]:4000',
])('the Host header "%s" is valid', async (host) => {
  const port = await listen();
  expect((await statusOf(port, '/health', `host: ${host}`)).status).toBe(200);
});

test('an invalid target is 404 and shows no stack', async () => {
  const { status, received } = await statusOf(await listen(), '//[/graphql');
  expect(status).toBe(404);
  expect(received()).not.toMatch(/\bat |Error|node_modules|file:/);
});

describe('a path', () => {
  test.each([
    '/metrics/',
    '/schema.graphql/',
    '/graphiql',
    '/elsewhere/graphql',
    '/elsewhere?x=/graphql',
    '/elsewhere/health',
    '/elsewhere/ready',
    '/health/graphql',
    '/metrics/graphql',
    '/%2e%2e/elsewhere',
  ])('a path that no route has is 404, also if it ends like a route: %s', async (path) => {
    const { fetch, sandbox } = await withSandbox();
    const requests: RequestInit[] = [
      { method: 'POST', headers: json, body: query },
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: query },
      { headers: { accept: 'text/html' } },
      {},
    ];
    for (const init of requests) {
      const response = await fetch(path, init);
      expect({ status: response.status, body: await response.text() }).toEqual({
        status: 404,
        body: 'This path does not exist. The GraphQL endpoint is /graphql; the other paths are /health, /ready, /metrics, /schema.graphql, /.\n',
      });
    }
    expect(sandbox.calls()).toEqual([]);
  });

  test('a path that no route has is an empty 404 in production', async () => {
    const { fetch } = await withSandbox({ NODE_ENV: 'production' });
    const response = await fetch('/elsewhere');
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 404, body: '' });
  });

  test('the path does not include the query string, also if the query string ends like another path', async () => {
    const { fetch } = await withSandbox();
    for (const end of ['/health', '/ready', '/metrics', '/graphql']) {
      const response = await fetch(`/graphql?x=${end}`, { method: 'POST', headers: json, body: query });
      expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
      const accept = 'application/graphql-response+json';
      const withoutQuery = await fetch(`/graphql?x=${end}`, { headers: { accept } });
      expect(withoutQuery.status).toBe(400);
      expect(await withoutQuery.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    }
  });
});

test('a body without an end is rejected after its first 100 KB, and no longer read', async () => {
  const { port, execute } = await startServer();
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  socket.on('error', () => undefined); // the server closes it while it still sends
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(
    'POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`;
  const sendChunks = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', sendChunks);
  sendChunks();
  await closed;
  expect(received).toMatch(/^HTTP\/1\.1 413 /);
  expect(received).toContain('"QUERY_TOO_COMPLEX"');
  expect(socket.bytesWritten).toBeLessThan(20_000_000); // the bytes in the buffers of the system
  expect((await execute('{ __typename }')).status).toBe(200);
});
