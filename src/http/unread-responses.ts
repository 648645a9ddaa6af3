import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Responses that their clients have not read yet. They are bounded in total, and a client that stops reading loses its
 * connection, so that no client decides how much memory the process holds and for how long.
 */
export interface UnreadResponses {
  /** Whether a response of so many bytes may be written. Closes stalled connections if that makes room. */
  hasRoom(bytes: number): boolean;
  /**
   * Counts a response until its client has read it. Only what does not fit into the buffers of the system is counted, so
   * call it after the response has been written.
   */
  track(response: ServerResponse, bytes: number): void;
  /** Counts a response that yoga is going to write. */
  expect(response: ServerResponse, bytes: number): void;
  bytes(): number;
  dispose(): void;
}

export const unreadLimits = {
  /** Eight of the largest responses; with the caches this keeps the process below 300 MB. */
  maxTotalBytes: 64_000_000,
  /** Time in which a client must read `minReadBytes`, or all that is left. */
  releaseAfterMs: 30_000,
  minReadBytes: 100_000,
  /** A connection that has not read for so long is closed where its bytes are needed for another client. */
  stalledAfterMs: 2_000,
  checkIntervalMs: 1_000,
};

interface Connection {
  bytes: number;
  responses: Set<ServerResponse>;
  /** Bytes that the system had taken over when the client last made progress, and when that was. */
  takenBytes: number;
  progressMs: number;
}

/** @param onRelease hears of each connection that is closed because its client does not read */
export function createUnreadResponses(onRelease: () => void, limits = unreadLimits): UnreadResponses {
  const { maxTotalBytes, releaseAfterMs, minReadBytes, stalledAfterMs, checkIntervalMs } = limits;
  const connections = new Map<Socket, Connection>();
  let totalBytes = 0;

  function connectionOf(socket: Socket): Connection {
    const open = connections.get(socket);
    if (open) return open;
    const connection = {
      bytes: 0,
      responses: new Set<ServerResponse>(),
      takenBytes: takenBytes(socket),
      progressMs: performance.now(),
    };
    connections.set(socket, connection);
    // A response that waits behind another one of the same connection never hears that the connection is closed.
    socket.once('close', () => forget(socket, connection));
    return connection;
  }

  function forget(socket: Socket, connection: Connection): void {
    if (!connections.delete(socket)) return;
    totalBytes -= connection.bytes;
  }

  function expect(response: ServerResponse, bytes: number): void {
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
      progress(socket, connection);
    });
  }

  function release(socket: Socket, connection: Connection): void {
    forget(socket, connection);
    onRelease();
    socket.destroy();
  }

  function progress(socket: Socket, connection: Connection): void {
    connection.takenBytes = takenBytes(socket);
    connection.progressMs = performance.now();
  }

  function check(): void {
    const nowMs = performance.now();
    for (const [socket, connection] of connections) {
      const isWaiting = connection.responses.size > 0 && waitingBytes(socket) > 0;
      const hasRead = takenBytes(socket) - connection.takenBytes >= minReadBytes;
      if (!isWaiting || hasRead) progress(socket, connection);
      else if (nowMs - connection.progressMs >= releaseAfterMs) release(socket, connection);
    }
  }

  function hasRoom(bytes: number): boolean {
    if (totalBytes + bytes <= maxTotalBytes) return true;
    const nowMs = performance.now();
    const stalled = Array.from(connections)
      .filter(([, { bytes: held, progressMs }]) => held > 0 && nowMs - progressMs >= stalledAfterMs)
      .sort(([, one], [, other]) => one.progressMs - other.progressMs);
    for (const [socket, connection] of stalled) {
      if (totalBytes + bytes <= maxTotalBytes) break;
      release(socket, connection);
    }
    return totalBytes + bytes <= maxTotalBytes;
  }

  const timer = setInterval(check, checkIntervalMs).unref();

  return {
    hasRoom,
    expect,
    track(response, bytes) {
      if (response.writableLength > 0) expect(response, bytes);
    },
    bytes: () => totalBytes,
    dispose: () => clearInterval(timer),
  };
}

/**
 * Bytes that wait for the system to take them over. Of a write that is under way `writableLength` counts all bytes until
 * the last one is taken; only the handle knows how far it has come, as Node's own timeout of sockets does.
 */
const waitingBytes = (socket: Socket): number => handleOf(socket)?.writeQueueSize ?? socket.writableLength;

const takenBytes = (socket: Socket): number =>
  (handleOf(socket)?.bytesWritten ?? socket.bytesWritten) - waitingBytes(socket);

const handleOf = (socket: Socket) =>
  (socket as Socket & { _handle?: { writeQueueSize?: number; bytesWritten?: number } | null })._handle;
