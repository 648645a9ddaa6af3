import { afterEach, beforeEach, vi } from 'vitest';
import { createDailyQuota } from '../../src/datasources/spotify/quota/daily-quota.ts';
import {
  createRequestQueue,
  type RequestQueueOptions,
} from '../../src/datasources/spotify/quota/request-queue.ts';
import type { HttpResponse, Outcome } from '../../src/datasources/spotify/transport/http.ts';
import type { Waiters } from '../../src/datasources/spotify/usage/waiters.ts';
import type { GatewayError } from '../../src/errors.ts';

/** A request queue whose calls the test ends, with a clock that the test moves. */

/** @param intervals the functions of intervals that are faked, too */
export function useFakeClock(...intervals: ('setInterval' | 'clearInterval')[]): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', ...intervals] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

export const response = (status: number, rest: Partial<HttpResponse> = {}): HttpResponse => ({
  kind: 'response',
  status,
  body: {},
  etag: null,
  retryAfter: null,
  bytes: 2,
  ...rest,
});

export const waiters = (timeoutMs = 8_000): Waiters & { leave(): void } => {
  const deadlineMs = performance.now() + timeoutMs;
  let isActive = true;
  return {
    deadlineMs: () => deadlineMs,
    hasActive: () => isActive,
    operations: () => new Set(),
    recordCall: () => () => undefined,
    recordJoined: () => undefined,
    onJoined: () => undefined,
    join: () => undefined,
    leave() {
      isActive = false;
    },
  };
};

/** Waits for the promises that are settled and the next drain of the queue. */
export const settle = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0);
  await new Promise(setImmediate); // the drain of the queue
  await vi.advanceTimersByTimeAsync(0);
};

export function startRequestQueue(options: Partial<RequestQueueOptions> = {}) {
  const requestQueue = createRequestQueue({
    concurrency: 2,
    rateLimit: null,
    dailyQuota: createDailyQuota(),
    ...options,
  });
  const inFlight: { name: string; end(outcome: Outcome): void }[] = [];
  const ended: string[] = [];

  /** Schedules one call; its outcome is recorded under its name. */
  function call(
    name: string,
    family: Parameters<typeof requestQueue.schedule>[0] = 'artists',
    callWaiters: Waiters = waiters(),
    goesFirst = false,
  ): void {
    const send = () => new Promise<Outcome>((end) => void inFlight.push({ name, end }));
    requestQueue.schedule(family, callWaiters, { goesFirst, prepare: async () => undefined, run: send }).then(
      (outcome) => ended.push(`${name} ${outcome.kind === 'response' ? outcome.status : outcome.fault}`),
      (error: GatewayError) => ended.push(`${name} ${error.code} ${error.details.retryAfter ?? '-'}`),
    );
  }

  async function end(name: string, outcome: Outcome = response(200)): Promise<void> {
    const index = inFlight.findIndex((call) => call.name === name);
    const [endedCall] = inFlight.splice(index, 1);
    endedCall?.end(outcome);
    await settle();
  }

  const names = () => inFlight.map(({ name }) => name);
  return { requestQueue, call, end, names, ended };
}
