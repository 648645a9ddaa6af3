import type { Plugin } from 'graphql-yoga';
import { Overloaded } from '../errors.ts';
import { refuse } from './refuse.ts';

/** Turns operations away while the event loop cannot keep up: late answers to all help nobody. */

const lookEveryMs = 20;
const maxLagMs = 200;
const retryAfterSeconds = 1;

export interface EventLoop {
  /** How late the loop was, the last time that it was looked at. */
  lagMs(): number;
  dispose(): void;
}

export function watchEventLoop(): EventLoop {
  let lagMs = 0;
  let expectedAtMs = performance.now() + lookEveryMs;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    lagMs = Math.max(0, nowMs - expectedAtMs);
    expectedAtMs = nowMs + lookEveryMs;
  }, lookEveryMs).unref();
  return { lagMs: () => lagMs, dispose: () => clearInterval(timer) };
}

export function useShedding(endpoint: string, { lagMs }: EventLoop): Plugin {
  return {
    onRequest({ url, endResponse, fetchAPI }) {
      if (lagMs() < maxLagMs || url.pathname !== endpoint) return;
      const error = new Overloaded('More is asked than can be answered right now.', {
        retryAfter: retryAfterSeconds,
      });
      endResponse(refuse(fetchAPI, 503, error));
    },
  };
}
