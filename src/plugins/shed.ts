import type { Plugin } from 'graphql-yoga';
import { type ErrorCode, Overloaded } from '../errors.ts';
import { refuse } from './refuse.ts';

/**
 * Turns operations away while the event loop cannot keep up, as late answers to all help nobody, and when the
 * process is about to end, as others will answer sooner.
 */

const lookEveryMs = 20;
const maxLagMs = 200;
// A document that nobody has asked before is parsed and validated, which is most of what a refusal costs: of
// these only so many are taken while the loop is late, so that a flood of them is not everybody's.
const pressedLagMs = 50;
const pressedForMs = 1_000;
const newDocumentsPerSecond = 200;
const retryAfterSeconds = 1;

export interface EventLoop {
  /** How late the loop was, the last time that it was looked at. */
  lagMs(): number;
  /** Whether it has been late a moment ago. */
  isPressed(): boolean;
  dispose(): void;
}

export function watchEventLoop(): EventLoop {
  let lagMs = 0;
  let pressedUntilMs = 0;
  let expectedAtMs = performance.now() + lookEveryMs;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    lagMs = Math.max(0, nowMs - expectedAtMs);
    expectedAtMs = nowMs + lookEveryMs;
    if (lagMs >= pressedLagMs) pressedUntilMs = nowMs + pressedForMs;
  }, lookEveryMs).unref();
  return {
    lagMs: () => lagMs,
    isPressed: () => performance.now() < pressedUntilMs,
    dispose: () => clearInterval(timer),
  };
}

export const isTooLate = ({ lagMs }: EventLoop): boolean => lagMs() >= maxLagMs;

export interface SheddingOptions {
  endpoint: string;
  eventLoop: EventLoop;
  isDraining(): boolean;
  /** Whether a document has been parsed before. */
  isKnown(document: string): boolean;
  /** Hears of every request that is turned away. */
  refused(code: ErrorCode): void;
}

const tooMuch = 'More is asked than can be answered right now.';

export function useShedding({ endpoint, eventLoop, isDraining, isKnown, refused }: SheddingOptions): Plugin {
  let second = 0;
  let taken = 0;

  function isTaken(): boolean {
    const now = Math.floor(performance.now() / 1_000);
    if (now !== second) taken = 0;
    second = now;
    taken += 1;
    return taken <= newDocumentsPerSecond;
  }

  const why = () => {
    if (isDraining()) return 'This process is about to end.';
    return isTooLate(eventLoop) ? tooMuch : null;
  };

  return {
    onRequest({ url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint) return;
      const message = why();
      if (message === null) return;
      const error = new Overloaded(message, { retryAfter: retryAfterSeconds });
      refused(error.code);
      endResponse(refuse(fetchAPI, 503, error));
    },
    onParams({ params: { query } }) {
      if (typeof query !== 'string' || !eventLoop.isPressed() || isKnown(query) || isTaken()) return;
      const error = new Overloaded(tooMuch, { retryAfter: retryAfterSeconds });
      refused(error.code);
      throw error;
    },
  };
}
