import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isHostHeader } from '../../src/http/host-name.ts';
import { withSandbox } from '../support/gateway.ts';
import { openSocket, until } from '../support/process.ts';

/** What a request is sent to, byte for byte: no other spelling of a path or a host reaches a route. */

async function portOf(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The status of a request whose target and headers are sent as given. */
async function statusOf(port: number, target: string, headers = 'host: gateway', method = 'GET') {
  const socket = await openSocket(
    port,
    `${method} ${target} HTTP/1.1\r\n${headers}\r\nconnection: close\r\n\r\n`,
  );
  const status = await until(() => /^HTTP\/1\.1 (\d+)/.exec(socket.received())?.[1], 5_000);
  return { status: Number(status), received: socket.received };
}

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
  test.each(routes)('serves %s in no other spelling', async (path) => {
    const { gateway } = await withSandbox();
    const port = await portOf(gateway[part]);
    for (const target of spellings(path)) {
      const { status } = await statusOf(port, target);
      // The handler alone has no say in what is no URL, for which yoga's adapter answers.
      expect([400, 404], target).toContain(status);
    }
  });

  test('reaches no other path by a Host header that ends in one', async () => {
    const { gateway } = await withSandbox();
    const port = await portOf(gateway[part]);
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
  const { gateway } = await withSandbox();
  const port = await portOf(gateway.listener);
  for (const target of ['/metrics?x=/../y', '/health?', '/ready?/%2e']) {
    expect((await statusOf(port, target)).status, target).toBe(200);
  }
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
  'user@gateway',
  'a..b',
  '',
  'é',
  'x'.repeat(300),
])('a Host header that is no host is 400 with a code: "%s"', async (host) => {
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

test('two Host headers are 400, whatever they are', async () => {
  const { gateway } = await withSandbox();
  const port = await portOf(gateway.listener);
  expect((await statusOf(port, '/health', 'host: gateway\r\nHost: gateway')).status).toBe(400);
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
])('the Host header "%s" is one', async (host) => {
  expect(isHostHeader(host)).toBe(true);
  const { gateway } = await withSandbox();
  const port = await portOf(gateway.listener);
  expect((await statusOf(port, '/health', `host: ${host}`)).status).toBe(200);
});
