import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, buildConnector } from 'undici';
import { expect, test } from 'vitest';
import { createSocketsAhead } from '../../../../src/datasources/spotify/transport/sockets-ahead.ts';
import { startGateway } from '../../../support/gateway.ts';
import { until } from '../../../support/process.ts';
import { onTestEnd } from '../../../support/test-end.ts';

/** A server, the sockets that were opened to it, and an agent that uses sockets opened ahead. */
async function start({ keepMs = 5_000, connector = buildConnector({}) } = {}) {
  const respond: RequestListener = (_, response) => response.end('{}');
  const server = createServer(respond).listen(0, '127.0.0.1');
  const opened: Socket[] = [];
  server.on('connection', (socket) => opened.push(socket));
  await once(server, 'listening');
  const ahead = createSocketsAhead(connector, keepMs);
  const agent = new Agent({ connections: 3, connect: ahead.connect });
  onTestEnd(async () => {
    ahead.close();
    await agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const origin = originOf(server);
  return {
    ahead,
    opened,
    origin,
    get: async () => {
      const { statusCode, body } = await agent.request({ origin, path: '/', method: 'GET' });
      await body.dump();
      return statusCode;
    },
  };
}

const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const isClosed = (socket: Socket) => socket.destroyed || socket.readableEnded;

test('requests use the sockets that were opened ahead, and a third concurrent request opens its own socket', async () => {
  const { ahead, opened, origin, get } = await start();
  ahead.open(new URL(origin));
  await until(() => opened.length === 2, 1_000);
  expect(await Promise.all([get(), get()])).toEqual([200, 200]);
  expect(opened).toHaveLength(2);
  await Promise.all([get(), get(), get()]);
  expect(opened).toHaveLength(3);
});

test('a gateway that starts opens two sockets to the Web API before it has a token', async () => {
  const api = await start();
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestEnd(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const urls = { apiUrl: `${api.origin}/v1`, tokenUrl: `${originOf(silent)}/api/token` };
  const { gateway } = startGateway({ ...urls, clientId: 'id-of-an-app', clientSecret: 'secret-of-an-app' });
  await gateway.connect();
  await until(() => api.opened.length === 2, 1_000);
});

test('a request that comes while its socket is being opened waits for this socket', async () => {
  const { ahead, opened, origin, get } = await start();
  ahead.open(new URL(origin));
  expect(await get()).toBe(200);
  await sleep(50);
  expect(opened).toHaveLength(2);
});

test('no more sockets are opened while some wait for a request', async () => {
  const { ahead, opened, origin } = await start();
  for (let i = 0; i < 5; i += 1) ahead.open(new URL(origin));
  await sleep(50);
  expect(opened).toHaveLength(2);
});

test('a socket that the server has closed meanwhile is not used', async () => {
  const { ahead, opened, origin, get } = await start();
  ahead.open(new URL(origin));
  await until(() => opened.length === 2, 1_000);
  for (const socket of opened) socket.end();
  await sleep(50);
  expect(await get()).toBe(200);
  expect(opened).toHaveLength(3);
});

test('a request to another host opens its own socket', async () => {
  const one = await start();
  const other = await start();
  one.ahead.open(new URL(other.origin));
  expect(await one.get()).toBe(200);
  expect(one.opened).toHaveLength(1);
});

test('a request opens its own socket if none could be opened ahead', async () => {
  let failures = 2;
  const connector = buildConnector({});
  const { ahead, opened, origin, get } = await start({
    connector: (options, callback) => {
      failures -= 1;
      if (failures >= 0) callback(new Error('no route to the host'), null);
      else connector(options, callback);
    },
  });
  ahead.open(new URL(origin));
  expect(await get()).toBe(200);
  expect(opened).toHaveLength(1);
});

test.each([
  ['after a time', (_: { close(): void }) => sleep(100)],
  ['when the pool closes', async (ahead: { close(): void }) => ahead.close()],
])('sockets without a request are closed %s', async (_, end) => {
  const { ahead, opened, origin } = await start({ keepMs: 50 });
  ahead.open(new URL(origin));
  await until(() => opened.length === 2, 1_000);
  await end(ahead);
  await until(() => opened.every(isClosed), 1_000);
});
