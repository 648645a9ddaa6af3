import { createServer } from 'node:net';
import { portOf } from './test-server.ts';

/** A host that the gateway must not call. It counts the connections to it. */
interface ForeignHost {
  /** `http://127.0.0.1:PORT` */
  origin: string;
  calls(): number;
}

/** @param response the response to every request; default: none */
export async function startForeignHost(
  { defer }: { defer(end: () => unknown): void },
  response?: string,
): Promise<ForeignHost> {
  let calls = 0;
  const server = createServer((socket) => {
    calls += 1;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (response !== undefined) socket.end(response);
    });
  });
  return { origin: `http://127.0.0.1:${await portOf(server, defer)}`, calls: () => calls };
}
