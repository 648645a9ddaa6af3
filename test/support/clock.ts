import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/**
 * Replaces long waits: moves the monotonic clock of the process forward, for the gateway and the sandbox alike. Timers are
 * not moved, so this works only for code that reads the clock. With FULL=1 the time really passes.
 */

const { FULL } = process.env;
const realNow = performance.now.bind(performance);
const realDateNow = Date.now;
const longestSleepMs = 120_000; // no run waits for the end of a day
let aheadMs = 0;

export const isFull = FULL === '1';

/** Milliseconds that have really passed; `performance.now()` may have been moved. */
export const stopwatchMs = realNow;

/** Waits by moving the clock, or really if FULL=1. */
export async function pass(ms: number): Promise<void> {
  if (isFull && ms <= longestSleepMs) {
    await sleep(ms);
  } else await moveClock(ms);
}

export interface Clock {
  pass(seconds: number): Promise<void>;
}

/** A clock that a test can move. The end of the test resets it. */
export function startClock(): Clock {
  const beforeMs = aheadMs;
  onTestFinished(() => {
    aheadMs = beforeMs;
  });
  return { pass: (seconds) => moveClock(seconds * 1000) };
}

async function moveClock(byMs: number): Promise<void> {
  aheadMs += byMs;
  performance.now = () => realNow() + aheadMs;
  await waitForIdleLoop(); // gateways that watch the event loop saw it stand still for this time
}

/** Changes the wall clock by so many milliseconds, as an operator or NTP may do; 0 corrects it. */
export function setWallClock(byMs: number): void {
  Date.now = byMs === 0 ? realDateNow : () => realDateNow() + byMs;
}

const sampleMs = 25; // longer than the gateway takes between two samples of the event loop
const lateMs = 50;

/**
 * Waits until the event loop is on time. In tests the gateway, its upstream and its clients share one loop, and a
 * gateway whose loop is late rejects operations.
 */
export async function waitForIdleLoop(): Promise<void> {
  for (let inTime = 0; inTime < 2; ) {
    const startedMs = realNow();
    await sleep(sampleMs);
    inTime = realNow() - startedMs < sampleMs + lateMs ? inTime + 1 : 0;
  }
}

/** Repeats a request while its status is 503, because gateway and test share the event loop. */
export async function retryWhileShed<T extends { status: number | null }>(
  execute: () => Promise<T>,
  maxAttempts = Number.POSITIVE_INFINITY,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const response = await execute();
    if (response.status !== 503 || attempt === maxAttempts) return response;
    await waitForIdleLoop();
  }
}

/** Blocks the event loop for so many milliseconds. */
export function blockEventLoop(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}
