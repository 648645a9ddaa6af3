import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Responds to one request. A rejection is a bug of the sandbox and becomes a 500 with the error. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface ListeningServer {
  /** `http://127.0.0.1:PORT` */
  origin: string;
  /** Stops listening and closes every connection, even during a response. */
  close(): Promise<void>;
}

const loopback = '127.0.0.1';
// Longer than clients keep idle connections, so that the client closes them and no call meets a closing socket.
const keepAliveMs = 65_000;

/**
 * Listens on the loopback interface.
 * @param port 0 for any free port
 * @throws Error with code EADDRINUSE if the port is in use
 */
export async function listen(
  port: number,
  createHandler: (origin: string) => Handler,
): Promise<ListeningServer> {
  const server = createServer();
  server.keepAliveTimeout = keepAliveMs;
  const origin = `http://${loopback}:${await bind(server, port)}`;
  const handler = createHandler(origin);
  server.on('request', (request, response) => {
    handler(request, response).catch((error: unknown) => fail(response, error));
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { origin, close };
}

const largestBody = 64 * 1024; // bytes; a token request has about a hundred, a list of faults a few thousand

/** The body of a request as text. A body above the limit closes its connection. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bodyBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bodyBytes += chunk.length;
    if (bodyBytes > largestBody) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { 'content-type': 'text/plain' }).end(`Sandbox bug: ${String(error)}`);
}
