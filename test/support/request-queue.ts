import { afterEach, beforeEach, vi } from 'vitest';
import {
  createRequestQueue,
  type RequestQueueOptions,
} from '../../src/datasources/spotify/quota/request-queue.ts';
import type { Outcome } from '../../src/datasources/spotify/transport/http.ts';
import type { Waiters } from '../../src/datasources/spotify/usage/field-context.ts';
import type { GatewayError } from '../../src/errors.ts';

/** The one door to Spotify, with calls that end when the test says so, and a clock that the test moves. */

export function useClockOfOwn(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

export const answer = (status: number): Outcome => ({
  kind: 'answer',
  status,
  body: {},
  etag: null,
  retryAfter: null,
  bytes: 2,
});

export const waiters = (timeoutMs = 8_000): Waiters & { leave(): void } => {
  const deadlineMs = performance.now() + timeoutMs;
  let here = true;
  return {
    deadlineMs: () => deadlineMs,
    hasActive: () => here,
    operations: () => new Set(),
    recordCall: () => () => undefined,
    leave() {
      here = false;
    },
  };
};

/** Lets everything happen that waits for nothing but its turn. */
export const settle = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0); // what has ended is looked at
  await new Promise(setImmediate); // and then it is the queue's turn
  await vi.advanceTimersByTimeAsync(0);
};

export function startRequestQueue(options: Partial<RequestQueueOptions> = {}) {
  const requestQueue = createRequestQueue({ concurrency: 2, rateLimit: null, ...options });
  const underWay: { name: string; end(outcome: Outcome): void }[] = [];
  const ended: string[] = [];

  /** Sends one call through the gate; what becomes of it is noted under its name. */
  function call(
    name: string,
    family: Parameters<typeof requestQueue.schedule>[0] = 'artists',
    by: Waiters = waiters(),
  ): void {
    const send = () => new Promise<Outcome>((end) => void underWay.push({ name, end }));
    requestQueue.schedule(family, by, send).then(
      (outcome) => ended.push(`${name} ${outcome.kind === 'answer' ? outcome.status : outcome.fault}`),
      (error: GatewayError) => ended.push(`${name} ${error.code} ${error.details.retryAfter ?? '-'}`),
    );
  }

  async function end(name: string, outcome = answer(200)): Promise<void> {
    const place = underWay.findIndex((each) => each.name === name);
    const [found] = underWay.splice(place, 1);
    found?.end(outcome);
    await settle();
  }

  const names = () => underWay.map(({ name }) => name);
  return { requestQueue, call, end, names, ended };
}
