import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A host that the gateway must not call. It counts the connections to it. */
interface ForeignHost {
  /** `http://127.0.0.1:PORT` */
  origin: string;
  calls(): number;
}

/** @param answer the response to every request; default: none */
export async function startForeignHost(
  { defer }: { defer(end: () => unknown): void },
  answer?: string,
): Promise<ForeignHost> {
  const sockets = new Set<Socket>();
  let calls = 0;
  const server = createServer((socket) => {
    calls += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (answer !== undefined) socket.end(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls };
}
