import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { Agent, createServer, request, type Server, type ServerResponse } from 'node:http';
import { setImmediate as nextIteration } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { acceptFirst, limitConnections, serverOptions } from '../../src/process/connections.ts';
import { blockEventLoop } from '../support/clock.ts';
import { portOf } from '../support/test-server.ts';

/** A busy server accepts new connections before it serves further requests of open connections. */

/** A server that blocks for `busyMs` at each request, and lists the paths of the served requests in order. */
async function busyServer(busyMs: number) {
  const served: string[] = [];
  const server = createServer();
  acceptFirst(server, ({ url }, response) => {
    blockEventLoop(busyMs);
    served.push(url ?? '');
    response.end();
  });
  const port = await portOf(server);
  const execute = (path: string, agent?: Agent) =>
    new Promise<void>((resolve, reject) => {
      request({ port, path, agent }, (response) => response.resume().once('end', resolve))
        .once('error', reject)
        .end();
    });
  return { served, execute };
}

test('twenty new connections at once do not wait for the repeated requests of open connections', async () => {
  const { served, execute } = await busyServer(3);
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  let isOver = false;
  const openClients = Array.from({ length: 8 }, async () => {
    while (!isOver) await execute('/regular', agent);
  });
  while (served.length < 40) await nextIteration();

  const before = served.length;
  await Promise.all(Array.from({ length: 20 }, () => execute('/newcomer')));
  isOver = true;
  await Promise.all(openClients);
  const servedUntilLastNew = served.slice(before, served.lastIndexOf('/newcomer'));
  const rounds = servedUntilLastNew.filter((path) => path === '/regular').length / openClients.length;
  expect(rounds).toBeLessThan(5); // the last one came after eleven rounds when connections were accepted one by one
});

test('every request gets a response if each one has a connection of its own', async () => {
  const { served, execute } = await busyServer(1);
  let remaining = 300;
  const client = async () => {
    while (remaining-- > 0) await execute('/');
  };
  await Promise.all(Array.from({ length: 30 }, client));
  expect(served).toHaveLength(300);
});

function createServerStub(serve: () => void = () => undefined) {
  const server = new EventEmitter();
  const served: string[] = [];
  acceptFirst(server as Server, ({ url }) => {
    served.push(url ?? '');
    serve();
  });
  const connect = () => server.emit('connection', {});
  const execute = (url: string, response: Partial<ServerResponse> = {}) =>
    server.emit('request', { url, socket: {} }, response);
  return { served, connect, execute };
}

test('an idle connection stays open for longer than proxies keep one, because they may still send an operation over it', () => {
  const caddyMs = 120_000; // Traefik 90 s, AWS 60 s
  expect(serverOptions.keepAliveTimeout).toBeGreaterThan(caddyMs);
});

test('one client leaves room for the connections of other clients, gets new ones when it closes some, and rejected ones are counted', () => {
  const server = Object.assign(new EventEmitter(), { closeIdleConnections: () => undefined });
  const openResponses = {
    of: () => new Set<ServerResponse>(),
    all: () => [],
    lastOfEach: () => [],
    behind: () => 0,
  };
  const closed: string[] = [];
  const observer = {
    connectionsChanged: () => undefined,
    connectionClosed: (reason: string) => void closed.push(reason),
  };
  limitConnections(server as unknown as Server, openResponses, observer);
  function connect(remoteAddress: string) {
    const socket = Object.assign(new EventEmitter(), { remoteAddress, destroyed: false, destroy });
    function destroy() {
      socket.destroyed = true;
      socket.emit('close');
    }
    server.emit('connection', socket);
    return socket;
  }
  const isOpen = (address: string) => !connect(address).destroyed;

  const sockets = Array.from({ length: 4_000 }, () => connect('192.0.2.1'));
  expect(sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(3_500);
  expect(closed).toEqual(Array.from({ length: 500 }, () => 'limit'));
  expect([isOpen('192.0.2.1'), isOpen('192.0.2.2'), isOpen('2001:db8::1')]).toEqual([false, true, true]);
  sockets[0]?.destroy();
  expect([isOpen('192.0.2.1'), isOpen('192.0.2.1')]).toEqual([true, false]);
  closed.length = 0;
  server.emit('drop');
  expect(closed).toEqual(['limit']);
});

/** On a slow machine an iteration takes longer than requests may wait. */
function stopClock(): void {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  onTestFinished(() => now.mockRestore());
}

test('requests wait during event-loop iterations with a new connection, and are then served in their order', async () => {
  stopClock();
  const { served, connect, execute } = createServerStub();
  execute('a');
  expect(served).toEqual(['a']);
  connect();
  execute('b');
  await nextIteration();
  connect();
  execute('c');
  await nextIteration();
  expect(served).toEqual(['a']);
  await nextIteration();
  expect(served).toEqual(['a', 'b', 'c']);
  execute('d');
  expect(served).toEqual(['a', 'b', 'c', 'd']);
});

test('a request whose client has disconnected meanwhile is not served', async () => {
  const { served, connect, execute } = createServerStub();
  connect();
  execute('gone', { destroyed: true });
  execute('here');
  await nextIteration();
  await nextIteration();
  expect(served).toEqual(['here']);
});

test('delayed requests are each served in their own asynchronous context, so that spans of instrumentations stay active', async () => {
  const span = new AsyncLocalStorage<string>();
  const active: (string | undefined)[] = [];
  const { connect, execute } = createServerStub(() => void active.push(span.getStore()));
  connect();
  for (const name of ['first', 'second']) span.run(name, () => execute(name));
  await nextIteration();
  await nextIteration();
  expect(active).toEqual(['first', 'second']);
});

test('endless new connections do not delay the requests of open connections for longer than 20 ms', async () => {
  const { served, connect, execute } = createServerStub();
  connect();
  execute('patient');
  const startedMs = performance.now();
  while (served.length === 0 && performance.now() - startedMs < 2_000) {
    connect();
    await nextIteration();
  }
  expect(served).toEqual(['patient']);
});

test('a hundred delayed requests that take long are served in parts, between which new connections are accepted', async () => {
  const { served, connect, execute } = createServerStub(() => blockEventLoop(10));
  connect();
  for (let n = 0; n < 100; n++) execute(`${n}`);
  let most = 0;
  for (let before = 0; served.length < 100; before = served.length) {
    await nextIteration();
    most = Math.max(most, served.length - before);
  }
  expect(most).toBeLessThanOrEqual(5); // in the 50 ms that they have in one iteration
});
