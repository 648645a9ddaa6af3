import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';

const longestMs = 20; // of letting in, where the arrivals have no end

/**
 * Serves what comes to a server, but lets everybody in first. libuv accepts one connection in a turn of the event loop:
 * while those who are in keep its turns long, those who are not would wait for seconds. So a turn in which
 * somebody arrives serves nobody. It is over in a tenth of a millisecond, and whoever has come in a rush is served in
 * one turn, in which their questions gather.
 */
export function acceptFirst(server: Server, listener: RequestListener): void {
  let waiting: [IncomingMessage, ServerResponse][] = [];
  let isAccepting = false;
  let hasArrived = false;
  let sinceMs = 0;

  server.on('connection', () => {
    hasArrived = true;
    if (isAccepting) return;
    isAccepting = true;
    sinceMs = performance.now();
    setImmediate(endTurn);
  });

  function endTurn(): void {
    if (hasArrived && performance.now() - sinceMs < longestMs) {
      hasArrived = false;
      setImmediate(endTurn);
      return;
    }
    isAccepting = false;
    const served = waiting;
    waiting = [];
    for (const [request, response] of served) {
      // Each by itself, so that one that throws is alone in it.
      if (!response.destroyed) process.nextTick(listener, request, response);
    }
  }

  server.on('request', (request, response) => {
    if (isAccepting) waiting.push([request, response]);
    else listener(request, response);
  });
}
