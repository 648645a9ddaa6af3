import type { ServerResponse } from 'node:http';
import {
  bytesSinceProgress,
  createUnreadConnections,
  isWaiting,
  recordProgress,
  type UnreadConnection,
} from './unread-connections.ts';

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

/** @param onRelease is called for each connection that is closed because its client does not read */
export function createUnreadResponses(onRelease: () => void, limits = unreadLimits): UnreadResponses {
  const { maxTotalBytes, releaseAfterMs, minReadBytes, stalledAfterMs, checkIntervalMs } = limits;
  const connections = createUnreadConnections();

  function release(connection: UnreadConnection): void {
    connections.remove(connection);
    onRelease();
    connection.socket.destroy();
  }

  function check(): void {
    const nowMs = performance.now();
    for (const connection of connections.all()) {
      const hasProgress = !isWaiting(connection) || bytesSinceProgress(connection) >= minReadBytes;
      if (hasProgress) recordProgress(connection);
      else if (nowMs - connection.progressMs >= releaseAfterMs) release(connection);
    }
  }

  const fits = (bytes: number): boolean => connections.totalBytes() + bytes <= maxTotalBytes;

  function hasRoom(bytes: number): boolean {
    if (fits(bytes)) return true;
    const nowMs = performance.now();
    const stalled = Array.from(connections.all())
      .filter((connection) => connection.bytes > 0 && nowMs - connection.progressMs >= stalledAfterMs)
      .sort((one, other) => one.progressMs - other.progressMs);
    for (const connection of stalled) {
      if (fits(bytes)) break;
      release(connection);
    }
    return fits(bytes);
  }

  const timer = setInterval(check, checkIntervalMs).unref();

  return {
    hasRoom,
    expect: connections.add,
    track(response, bytes) {
      if (response.writableLength > 0) connections.add(response, bytes);
    },
    bytes: connections.totalBytes,
    dispose: () => clearInterval(timer),
  };
}
