import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections whose clients have not read all of their responses yet, with the bytes of these responses. */
export interface UnreadConnections {
  all(): Iterable<UnreadConnection>;
  /** Counts the bytes of a response until it is closed. */
  add(response: ServerResponse, bytes: number): void;
  remove(connection: UnreadConnection): void;
  totalBytes(): number;
}

export interface UnreadConnection {
  socket: Socket;
  bytes: number;
  responses: Set<ServerResponse>;
  /** Bytes that the system had taken over when the client last made progress, and when that was. */
  takenBytes: number;
  progressMs: number;
}

export function createUnreadConnections(): UnreadConnections {
  const connections = new Map<Socket, UnreadConnection>();
  let totalBytes = 0;

  function connectionOf(socket: Socket): UnreadConnection {
    const openConnection = connections.get(socket);
    if (openConnection) return openConnection;
    const connection = {
      socket,
      bytes: 0,
      responses: new Set<ServerResponse>(),
      takenBytes: takenBytes(socket),
      progressMs: performance.now(),
    };
    connections.set(socket, connection);
    // A response that waits behind another one of the same connection never hears that the connection is closed.
    socket.once('close', () => remove(connection));
    return connection;
  }

  function remove({ socket, bytes }: UnreadConnection): void {
    if (connections.delete(socket)) totalBytes -= bytes;
  }

  return {
    all: () => connections.values(),
    add(response, bytes) {
      const { socket } = response.req;
      if (socket.destroyed) return;
      const connection = connectionOf(socket);
      connection.bytes += bytes;
      connection.responses.add(response);
      totalBytes += bytes;
      response.once('close', () => {
        if (connections.get(socket) !== connection) return;
        connection.bytes -= bytes;
        connection.responses.delete(response);
        totalBytes -= bytes;
        recordProgress(connection);
      });
    },
    remove,
    totalBytes: () => totalBytes,
  };
}

/** Starts the time anew in which the client must read. */
export function recordProgress(connection: UnreadConnection): void {
  connection.takenBytes = takenBytes(connection.socket);
  connection.progressMs = performance.now();
}

/** Bytes that the system has taken over since the client last made progress. */
export const bytesSinceProgress = (connection: UnreadConnection): number =>
  takenBytes(connection.socket) - connection.takenBytes;

/** Whether a response waits for the client to read. */
export const isWaiting = ({ socket, responses }: UnreadConnection): boolean =>
  responses.size > 0 && waitingBytes(socket) > 0;

/**
 * Bytes that wait for the system to take them over. Of a write that is under way `writableLength` counts all bytes until
 * the last one is taken; only the handle knows how far it has come, as Node's own timeout of sockets does.
 */
const waitingBytes = (socket: Socket): number => handleOf(socket)?.writeQueueSize ?? socket.writableLength;

const takenBytes = (socket: Socket): number =>
  (handleOf(socket)?.bytesWritten ?? socket.bytesWritten) - waitingBytes(socket);

const handleOf = (socket: Socket) =>
  (socket as Socket & { _handle?: { writeQueueSize?: number; bytesWritten?: number } | null })._handle;
