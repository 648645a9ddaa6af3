import { EventEmitter } from 'node:events';
import { Agent, createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { acceptFirst } from '../../src/process/connections.ts';

/** Who comes to a busy server is let in before those who are in are served again. */

/** A server that takes its time for each request, and tells in which order it has served whom. */
async function busyServer(busyMs: number) {
  const served: string[] = [];
  const server = createServer();
  acceptFirst(server, ({ url }, response) => {
    const startedMs = performance.now();
    while (performance.now() - startedMs < busyMs);
    served.push(url ?? '');
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, agent?: Agent) =>
    new Promise<void>((resolve, reject) => {
      request({ port, path, agent }, (response) => response.resume().once('end', resolve))
        .once('error', reject)
        .end();
    });
  return { served, ask };
}

test('twenty newcomers at once do not queue behind those who ask again and again', async () => {
  const { served, ask } = await busyServer(3);
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  let isOver = false;
  const regulars = Array.from({ length: 8 }, async () => {
    while (!isOver) await ask('/regular', agent);
  });
  while (served.length < 40) await turn();

  const before = served.length;
  await Promise.all(Array.from({ length: 20 }, () => ask('/newcomer')));
  isOver = true;
  await Promise.all(regulars);
  const untilAllAreIn = served.slice(before, served.lastIndexOf('/newcomer'));
  const rounds = untilAllAreIn.filter((path) => path === '/regular').length / regulars.length;
  expect(rounds).toBeLessThan(5); // let in one by one, the last of them came after eleven
});

test('everybody is answered where each request comes on a connection of its own', async () => {
  const { served, ask } = await busyServer(1);
  let left = 300;
  const client = async () => {
    while (left-- > 0) await ask('/');
  };
  await Promise.all(Array.from({ length: 30 }, client));
  expect(served).toHaveLength(300);
});

function doorOf() {
  const server = new EventEmitter();
  const served: string[] = [];
  acceptFirst(server as Server, ({ url }) => void served.push(url ?? ''));
  const arrive = () => server.emit('connection', {});
  const ask = (url: string, response: Partial<ServerResponse> = {}) =>
    server.emit('request', { url }, response);
  return { served, arrive, ask };
}

test('a turn in which somebody arrives serves nobody, and the next one serves all in their order', async () => {
  const { served, arrive, ask } = doorOf();
  ask('a');
  expect(served).toEqual(['a']);
  arrive();
  ask('b');
  await turn();
  arrive();
  ask('c');
  await turn();
  expect(served).toEqual(['a']);
  await turn();
  expect(served).toEqual(['a', 'b', 'c']);
  ask('d');
  expect(served).toEqual(['a', 'b', 'c', 'd']);
});

test('who has gone meanwhile is not served', async () => {
  const { served, arrive, ask } = doorOf();
  arrive();
  ask('gone', { destroyed: true });
  ask('here');
  await turn();
  await turn();
  expect(served).toEqual(['here']);
});

test('arrivals without an end do not keep those who are in waiting for longer than 20 ms', async () => {
  const { served, arrive, ask } = doorOf();
  arrive();
  ask('patient');
  const startedMs = performance.now();
  while (served.length === 0 && performance.now() - startedMs < 2_000) {
    arrive();
    await turn();
  }
  expect(served).toEqual(['patient']);
});

test('a hundred delayed requests that take long are served in parts, between which newcomers are accepted', async () => {
  const server = new EventEmitter();
  let served = 0;
  acceptFirst(server as Server, () => {
    served += 1;
    for (const startMs = performance.now(); performance.now() - startMs < 10; );
  });
  server.emit('connection', {});
  for (let n = 0; n < 100; n++) server.emit('request', {}, {});
  let most = 0;
  for (let before = 0; served < 100; before = served) {
    await turn();
    most = Math.max(most, served - before);
  }
  expect(most).toBeLessThanOrEqual(5); // in the 50 ms that they have in one iteration
});
