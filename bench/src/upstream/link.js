import { connect, createServer } from 'node:net';

/**
 * A connection over a distance, as a proxy on loopback: a delay in each direction, one round trip for the handshake of TCP, and
 * the slow start of TCP in the direction of the responses. It loses no packets and has no bandwidth limit.
 */

const initialWindow = 14_600; // bytes in flight on a new connection: 10 segments (RFC 6928)

/** @param target `{ port }` of the server on loopback that the connections reach */
export function createLink(target) {
  let roundTripMs = 0;
  let opened = 0;
  const open = new Set();

  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    opened += 1;
    const far = connect({ port: target.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const destroy = () => {
      near.destroy();
      far.destroy();
      open.delete(near);
    };
    open.add(near);
    // The client counts as connected at once: its first bytes wait for the handshake instead.
    const connectedMs = performance.now() + roundTripMs;
    const request = delayedWriter(far, () => roundTripMs / 2);
    near.on('data', (chunk) => request(chunk, connectedMs)).on('end', () => request(null, connectedMs));
    const response = delayedWriter(near, () => roundTripMs / 2);
    const send = withSlowStart(response, () => roundTripMs);
    far.on('data', send).on('end', () => send(null));
    for (const socket of [near, far]) socket.on('error', destroy).on('close', destroy);
  });

  return {
    server,
    setRoundTrip(milliseconds) {
      roundTripMs = milliseconds;
    },
    /** The connections that were opened since the last time. */
    takeOpened() {
      const taken = opened;
      opened = 0;
      return taken;
    },
    /** Ends all connections, as a server does with idle ones. */
    closeAll() {
      for (const near of open) near.end();
    },
  };
}

/** @returns a function that writes a chunk, or the end if it is null, after a delay and in order */
function delayedWriter(socket, delayMs) {
  const queue = [];
  let timer;

  function flush() {
    timer = undefined;
    while (queue.length > 0 && queue[0].dueMs <= performance.now() + 0.5) {
      const { chunk } = queue.shift();
      if (socket.destroyed) continue;
      if (chunk === null) socket.end();
      else socket.write(chunk);
    }
    if (queue.length > 0) timer = setTimeout(flush, Math.max(0, queue[0].dueMs - performance.now()));
  }

  return (chunk, earliestMs = 0) => {
    queue.push({ chunk, dueMs: Math.max(performance.now(), earliestMs) + delayMs() });
    if (timer === undefined) flush();
  };
}

/** Sends no more than the window, which grows by the acknowledged bytes: it doubles in each round trip. */
function withSlowStart(send, roundTripMs) {
  const waiting = [];
  let window = initialWindow;
  let inFlight = 0;

  function pump() {
    while (waiting.length > 0 && inFlight < window) {
      const chunk = waiting.shift();
      if (chunk === null) {
        send(null);
        continue;
      }
      const part = chunk.subarray(0, window - inFlight);
      if (part.length < chunk.length) waiting.unshift(chunk.subarray(part.length));
      inFlight += part.length;
      send(part);
      setTimeout(acknowledge, roundTripMs(), part.length);
    }
  }

  function acknowledge(bytes) {
    inFlight -= bytes;
    window += bytes;
    pump();
  }

  return (chunk) => {
    waiting.push(chunk);
    pump();
  };
}
