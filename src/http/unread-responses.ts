import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getOrCreate } from '../maps.ts';

export type UnreadResponses = ReturnType<typeof createUnreadResponses>;

export const unreadLimits = {
  /** Eight of the largest responses; with the caches this keeps the process below 300 MB. */
  maxTotalBytes: 64_000_000,
  /** Time in which a client must read `minReadBytes`, or all that is left. */
  closeAfterMs: 30_000,
  minReadBytes: 100_000,
  /** A connection that has not read for so long is closed if its bytes are needed for another client. */
  stalledAfterMs: 2_000,
  checkIntervalMs: 1_000,
};

/**
 * Responses that their clients have not read yet. They are bounded in total, and a client that stops reading loses its
 * connection, so that no client decides how much memory the process holds and for how long.
 * @param onClose is called for each connection that is closed because its client does not read
 */
export function createUnreadResponses(onClose: () => void, limits = unreadLimits) {
  const { maxTotalBytes, closeAfterMs, minReadBytes, stalledAfterMs, checkIntervalMs } = limits;
  const connections = createUnreadConnections();

  function close(connection: UnreadConnection): void {
    connections.remove(connection);
    onClose();
    connection.socket.destroy();
  }

  function check(): void {
    const nowMs = performance.now();
    for (const connection of connections.all()) {
      const hasProgress = !isWaiting(connection) || bytesSinceProgress(connection) >= minReadBytes;
      if (hasProgress) recordProgress(connection);
      else if (nowMs - connection.progressMs >= closeAfterMs) close(connection);
    }
  }

  const fits = (bytes: number): boolean => connections.totalBytes() + bytes <= maxTotalBytes;

  /** Whether a response of so many bytes may be written. Closes stalled connections if that makes room. */
  function hasRoom(bytes: number): boolean {
    if (fits(bytes)) return true;
    const nowMs = performance.now();
    const stalled = Array.from(connections.all())
      .filter((connection) => connection.bytes > 0 && nowMs - connection.progressMs >= stalledAfterMs)
      .sort((one, other) => one.progressMs - other.progressMs);
    for (const connection of stalled) {
      if (fits(bytes)) break;
      close(connection);
    }
    return fits(bytes);
  }

  const timer = setInterval(check, checkIntervalMs).unref();

  return {
    hasRoom,
    /** Counts a response that is going to be written. */
    countBeforeWrite: connections.add,
    /** Counts a response that has been written, unless the operating system has already taken over all of its bytes. */
    countAfterWrite(response: ServerResponse, bytes: number): void {
      if (response.writableLength > 0) connections.add(response, bytes);
    },
    bytes: connections.totalBytes,
    dispose: (): void => clearInterval(timer),
  };
}

interface UnreadConnection {
  socket: Socket;
  bytes: number;
  responses: Set<ServerResponse>;
  /** Bytes that the system had taken over when the client last made progress, and when that was. */
  takenBytes: number;
  progressMs: number;
}

/** The connections whose clients have not read all of their responses yet, with the bytes of these responses. */
function createUnreadConnections() {
  const connections = new Map<Socket, UnreadConnection>();
  let totalBytes = 0;

  function open(socket: Socket): UnreadConnection {
    const connection = {
      socket,
      bytes: 0,
      responses: new Set<ServerResponse>(),
      takenBytes: takenBytes(socket),
      progressMs: performance.now(),
    };
    // A response that waits behind another one of its connection emits no `close` event when the connection closes.
    socket.once('close', () => remove(connection));
    return connection;
  }

  function remove({ socket, bytes }: UnreadConnection): void {
    if (connections.delete(socket)) totalBytes -= bytes;
  }

  return {
    all: (): Iterable<UnreadConnection> => connections.values(),
    /** Counts the bytes of a response until it is closed. */
    add(response: ServerResponse, bytes: number): void {
      const { socket }: { socket: Socket | null } = response.req; // null after the connection was closed
      if (!socket || socket.destroyed) return;
      const connection = getOrCreate(connections, socket, () => open(socket));
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
    totalBytes: (): number => totalBytes,
  };
}

/** Starts the time anew in which the client must read. */
function recordProgress(connection: UnreadConnection): void {
  connection.takenBytes = takenBytes(connection.socket);
  connection.progressMs = performance.now();
}

const bytesSinceProgress = (connection: UnreadConnection): number =>
  takenBytes(connection.socket) - connection.takenBytes;

const isWaiting = ({ socket, responses }: UnreadConnection): boolean =>
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
