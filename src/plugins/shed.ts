import type { Plugin } from 'graphql-yoga';
import { type ClientKey, clientKeyOf } from '../client-key.ts';
import { type ErrorCode, Overloaded } from '../errors.ts';
import { refuse } from './refuse.ts';

/**
 * Turns operations away while the event loop cannot keep up, as late answers to all help nobody; mistakes, while
 * there are too many of them; and all, when the process is about to end, as others will answer sooner.
 */

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
  return {
    lagMs: () => lagMs,
    dispose: () => clearInterval(timer),
  };
}

export const isTooLate = ({ lagMs }: EventLoop): boolean => lagMs() >= maxLagMs;

export interface SheddingOptions {
  endpoint: string;
  eventLoop: EventLoop;
  isDraining(): boolean;
  /** Whether there is time to read a document: mistakes in great number are left unread. */
  mayRead(document: string, clientKey: string): boolean;
  clientKey: ClientKey;
  /** Hears of every request that is turned away. */
  refused(code: ErrorCode): void;
}

const tooMuch = 'More is asked than can be answered right now.';

export const overloaded = (message = tooMuch) => new Overloaded(message, { retryAfter: retryAfterSeconds });

export function useShedding(options: SheddingOptions): Plugin {
  const { endpoint, eventLoop, isDraining, mayRead, clientKey, refused } = options;
  const why = () => {
    if (isDraining()) return 'This process is about to end.';
    return isTooLate(eventLoop) ? tooMuch : null;
  };

  return {
    onRequest({ url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint) return;
      const message = why();
      if (message === null) return;
      const error = overloaded(message);
      refused(error.code);
      endResponse(refuse(fetchAPI, 503, error));
    },
    onParams({ params: { query }, request, context }) {
      if (typeof query !== 'string' || mayRead(query, clientKeyOf(request, context, clientKey))) return;
      const error = overloaded();
      refused(error.code);
      throw error;
    },
  };
}
