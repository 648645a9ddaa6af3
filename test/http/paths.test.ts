import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { openSocket, startServer, until } from '../support/process.ts';

/** What is asked of a gateway that is not the graph, and what is asked of it in a way that nobody should. */

const query = '{"query":"{ __typename }"}';
const json = { 'content-type': 'application/json' };

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
      expect({ status: response.status, body: await response.text() }).toEqual({ status: 404, body: '' });
    }
    expect(sandbox.calls()).toEqual([]);
  });

  test('with anything behind it that is no path is handled as what it is', async () => {
    const { fetch } = await withSandbox();
    for (const end of ['/health', '/ready', '/metrics', '/graphql']) {
      const response = await fetch(`/graphql?x=${end}`, { method: 'POST', headers: json, body: query });
      expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    }
  });
});

describe('a request that cannot be one', () => {
  test.each([
    ['[', '/graphql'],
    ['a b', '/graphql'],
    ['gateway:99999', '/ready'],
    ['gateway', '//[/graphql'],
  ])('with Host "%s" for %s is 400 or 404, and no stack is told', async (host, target) => {
    const { port, out, err } = await startServer({ NODE_ENV: 'production' });
    const socket = await openSocket(
      port,
      `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
    );
    const answer = await until(() => /^HTTP.*\r\n\r\n.*$/s.exec(socket.received())?.[0], 5_000);
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(answer).not.toMatch(/\bat |Error|node_modules|file:/);
    expect(out()).not.toContain('"level":50');
    expect(err()).toBe('');
  });
});

test('a body without an end is refused after its first 100 KB, and no longer read', async () => {
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
  process.stdout.write(`a body without an end: ${socket.bytesWritten} bytes were taken\n`);
  expect((await ask('{ __typename }')).status).toBe(200);
});

test('a bug in what answers beside the graph is logged, and tells nothing', async () => {
  const { fetch, gateway, logged } = await withSandbox();
  const bug = new TypeError('canary-3f9c1');
  gateway.metrics.registry.metrics = () => Promise.reject(bug);
  const response = await fetch('/metrics');
  expect({ status: response.status, body: await response.text() }).toEqual({ status: 500, body: '' });
  expect(logged).toEqual([{ level: 'error', fields: { err: bug }, message: 'bug in a plugin' }]);
});
