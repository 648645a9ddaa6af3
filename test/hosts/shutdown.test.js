import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startSandbox } from '../../dist/sandbox/index.js';
import { processes, send } from './processes.js';

/** After SIGTERM every request gets its response, and the process ends when it has none left. */

let sandbox;
before(async () => {
  sandbox = await startSandbox();
});
after(() => sandbox.close());

for (const [host, start] of Object.entries(processes)) {
  test(`${host} ends with code 0 within 3 s of SIGTERM, although a client keeps its connection`, async () => {
    const { url, stop } = await start(sandbox.environment);
    const client = await connectedClient(url);
    const sentMs = performance.now();
    assert.equal(await stop('SIGTERM'), 0);
    assert.ok(performance.now() - sentMs < 3_000, `${performance.now() - sentMs} ms`);
    assert.equal(client.error, null);
  });

  test(`${host} serves the requests that run or arrive at SIGTERM, and then ends with code 0`, async () => {
    const { url, stop } = await start(sandbox.environment);
    const client = await connectedClient(url);
    const name = `{ artist(id: "${sandbox.catalogue.fixtures.artists.bts}") { name } }`;
    sandbox.clearCalls();
    sandbox.faults.add({ fault: { kind: 'delay', ms: 1_000 } });
    try {
      const running = send(url, { path: `/graphql?query=${encodeURIComponent(name)}` });
      while (sandbox.calls().length === 0) await wait(10);
      const exited = stop('SIGTERM');
      await wait(100); // the signal has arrived
      client.write('GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n');
      assert.equal((await running).body, '{"data":{"artist":{"name":"BTS"}}}');
      assert.equal(await exited, 0);
      assert.match(client.received, /^HTTP\/1\.1 503/m);
      assert.match(client.received, /^connection: close/im);
      assert.equal(client.error, null);
    } finally {
      sandbox.faults.clear();
    }
  });
}

/** Opens a connection and waits for one response. @returns the bytes after that response, and the connection's error */
async function connectedClient(url) {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  const client = { received: '', error: null, write: (text) => socket.write(text) };
  socket.on('error', (error) => {
    client.error = error;
  });
  socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  socket.on('data', (data) => {
    client.received += data;
  });
  return client;
}
