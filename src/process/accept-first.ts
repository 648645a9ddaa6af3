import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';

const maxDelayMs = 20; // of a request, while new connections keep coming

/**
 * Handles the requests of a server, but accepts pending connections first. libuv accepts one connection per event-loop
 * iteration: while requests of open connections make the iterations long, new clients would wait for seconds. So an
 * iteration that accepts a connection handles no request. Accepting takes a tenth of a millisecond, and the requests of
 * many new clients are then handled in one iteration, in which their reads are batched.
 */
export function acceptFirst(server: Server, listener: RequestListener): void {
  let delayed: [IncomingMessage, ServerResponse][] = [];
  let isAccepting = false;
  let hasAccepted = false;
  let acceptingSinceMs = 0;

  server.on('connection', () => {
    hasAccepted = true;
    if (isAccepting) return;
    isAccepting = true;
    acceptingSinceMs = performance.now();
    setImmediate(endIteration);
  });

  function endIteration(): void {
    if (hasAccepted && performance.now() - acceptingSinceMs < maxDelayMs) {
      hasAccepted = false;
      setImmediate(endIteration);
      return;
    }
    isAccepting = false;
    const requests = delayed;
    delayed = [];
    for (const [request, response] of requests) {
      // In a tick of its own, so that an exception in one does not prevent the others.
      if (!response.destroyed) process.nextTick(listener, request, response);
    }
  }

  server.on('request', (request, response) => {
    if (isAccepting) delayed.push([request, response]);
    else listener(request, response);
  });
}
