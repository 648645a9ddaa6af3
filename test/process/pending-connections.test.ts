import { expect, test } from 'vitest';
import { openSocket, startServer, until } from '../support/process.ts';

/** Connections that a process has not accepted yet when it gets a signal. */

const clients = 40; // a process accepts one connection in each iteration of its event loop
/** The responses to clients whose connections and requests arrive shortly before the signal. */
async function sendWithoutBeingAccepted(workers: number) {
  const server = await startServer({ WEB_CONCURRENCY: `${workers}` });
  if (workers > 1) await until(() => server.out().match(/a worker listens/g)?.length === workers);
  process.kill(server.pid, 'SIGSTOP');
  const request = 'GET /health HTTP/1.1\r\nhost: gateway\r\n\r\n';
  const opened = Array.from({ length: clients }, () => openSocket(server.port, request));
  const sockets = await Promise.all(opened); // the system has opened the connections
  server.signal('SIGTERM');
  process.kill(server.pid, 'SIGCONT');
  const { code } = await server.ended;
  return { code, statuses: sockets.map((socket) => socket.received().slice(0, 15)) };
}

test.for([1, 2])(
  'connections that were opened before the signal and are not yet accepted get a response: WEB_CONCURRENCY=%i',
  { timeout: 90_000 },
  async (workers) => {
    expect(await sendWithoutBeingAccepted(workers)).toEqual({
      code: 0,
      statuses: Array.from({ length: clients }, () => 'HTTP/1.1 200 OK'),
    });
  },
);
