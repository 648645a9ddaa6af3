import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import * as net from 'node:net';
import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createClientKey, isHostHeader, isIPv6 } from '../../src/http/request.ts';
import { withSandbox } from '../support/gateway.ts';
import { openSocket, startServer, until } from '../support/process.ts';

/** Targets and hosts are compared byte for byte: no other spelling of a path or a host reaches a route. */

const query = '{"query":"{ __typename }"}';
const json = { 'content-type': 'application/json' };

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

test('a target that ends like a fragment is 400, because yoga takes it for a health check', async () => {
  const { gateway } = await withSandbox();
  const port = await portOf(gateway.listener);
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

test('a target that is no path is 404 and shows no stack', async () => {
  const { gateway } = await withSandbox();
  const { status, received } = await statusOf(await portOf(gateway.listener), '//[/graphql');
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
    '/health/graphql',
    '/metrics/graphql',
    '/%2e%2e/elsewhere',
  ])('that is none of ours is 404, also where it ends like one: %s', async (path) => {
    const { fetch, sandbox } = await withSandbox();
    const asked: RequestInit[] = [
      { method: 'POST', headers: json, body: query },
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: query },
      { headers: { accept: 'text/html' } },
      {},
    ];
    for (const init of asked) {
      const response = await fetch(path, init);
      expect({ status: response.status, body: await response.text() }).toEqual({
        status: 404,
        body: 'This path does not exist. The GraphQL endpoint is /graphql; / links to everything else.\n',
      });
    }
    expect(sandbox.calls()).toEqual([]);
  });

  test('that is none of ours is an empty 404 in production', async () => {
    const { fetch } = await withSandbox({ NODE_ENV: 'production' });
    const response = await fetch('/elsewhere');
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 404, body: '' });
  });

  test('with anything behind it that is no path is handled as what it is', async () => {
    const { fetch } = await withSandbox();
    for (const end of ['/health', '/ready', '/metrics', '/graphql']) {
      const response = await fetch(`/graphql?x=${end}`, { method: 'POST', headers: json, body: query });
      expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    }
  });
});

test('a body without an end is rejected after its first 100 KB, and no longer read', async () => {
  const { port, ask } = await startServer();
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  socket.on('error', () => undefined); // it is cut while it still sends
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(
    'POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`;
  const pour = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', pour);
  pour();
  await closed;
  expect(received).toMatch(/^HTTP\/1\.1 413 /);
  expect(received).toContain('"QUERY_TOO_COMPLEX"');
  expect(socket.bytesWritten).toBeLessThan(20_000_000); // what lay in buffers on the way
  expect((await ask('{ __typename }')).status).toBe(200);
});

const headers =
  (sent: Record<string, string> = {}) =>
  (name: string) =>
    sent[name] ?? null;

describe('the key that tells clients apart', () => {
  test('is the address of the connection, whatever headers the client sends', () => {
    const clientKey = createClientKey();
    expect(clientKey(headers({ 'x-forwarded-for': '198.51.100.9' }), '203.0.113.7')).toBe('203.0.113.7');
    expect(clientKey(headers(), '203.0.113.8')).toBe('203.0.113.8');
  });

  test('is the same for all addresses of one IPv6 network, and another for the next network', () => {
    const clientKey = createClientKey();
    const keyOf = (address: string) => clientKey(headers(), address);
    expect(keyOf('2001:db8:1:2::1')).toBe(keyOf('2001:db8:1:2:ffff:1:2:3'));
    expect(keyOf('2001:db8::1')).toBe(keyOf('2001:db8:0:0:9::'));
    expect(keyOf('2001:db8:1:2::1')).not.toBe(keyOf('2001:db8:1:3::1'));
    expect(keyOf('::ffff:203.0.113.7')).not.toBe(keyOf('::ffff:203.0.113.8'));
  });

  test('is the address in the header that the operator names, without the addresses of further proxies', () => {
    const clientKey = createClientKey('x-real-ip');
    expect(clientKey(headers({ 'x-real-ip': '198.51.100.9, 10.0.0.1' }), '10.0.0.2')).toBe('198.51.100.9');
    expect(clientKey(headers(), '10.0.0.2')).toBe('10.0.0.2');
    expect(clientKey(headers({ 'x-real-ip': 'x'.repeat(90_000) }), '10.0.0.2').length).toBeLessThan(100);
  });

  test('is the same for all requests without a connection', () => {
    expect(createClientKey()(headers(), undefined)).toBe(createClientKey()(headers(), undefined));
  });
});

test('a text is an IPv6 address if node:net says so', () => {
  const characters = fc.string({ unit: fc.constantFrom(...'0:1f.%g]-\n') });
  const address = fc.oneof(fc.ipV6(), fc.ipV4(), characters);
  const zone = fc.constantFrom('', '%eth0', '%', '%1', '%a b', '%a%b', '%[', '%é');
  fc.assert(
    fc.property(address, zone, (text, suffix) => {
      expect(isIPv6(text + suffix)).toBe(net.isIPv6(text + suffix));
    }),
    {
      numRuns: 2_000,
      examples: [
        ['::', ''],
        ['::ffff:127.0.0.1', ''],
        ['fe80::1', '%eth0'],
        ['::1\n', ''],
        ['1::2::3', ''],
        ['::1.2.3', ''],
        ['::0x1.2.3.4', ''],
        ['::1.2.3.04', ''],
      ],
    },
  );
});
