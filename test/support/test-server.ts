import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { type OnEnd, onTestEnd } from './test-end.ts';

/**
 * Serves on a free port of this machine until the test ends.
 * @param onEnd registers the end of the server, if that is another than the end of the test
 * @returns the port
 */
export async function portOf(served: Server | RequestListener, onEnd: OnEnd = onTestEnd): Promise<number> {
  const server = typeof served === 'function' ? createServer(served) : served;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    return closed;
  });
  return (server.address() as AddressInfo).port;
}

/**
 * A port on which no process listens. It is below the ports that systems give to outgoing connections and to servers on
 * port 0, one of which could take it before its user listens.
 */
export async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_768);
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return freePort();
    throw error;
  }
  server.close();
  await once(server, 'close');
  return port;
}
