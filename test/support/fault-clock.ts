import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Long waits without waiting: the process's monotonic clock is moved on, for the gateway and the sandbox
 * alike. Timers are not moved, so only what is decided by looking at the clock may be tested so. With FULL=1
 * the time really passes.
 */

const { FULL } = process.env;
const realNow = performance.now.bind(performance);
const realDateNow = Date.now;
let aheadMs = 0;

export const isFull = FULL === '1';

const longestSleepMs = 120_000; // nobody waits for the end of a day

/** Lets so many milliseconds pass. */
export async function pass(ms: number): Promise<void> {
  if (isFull && ms <= longestSleepMs) {
    await sleep(ms);
    return;
  }
  aheadMs += ms;
  performance.now = () => realNow() + aheadMs;
  await calm(); // to whoever watches the event loop it has just stood still for so long
}

const lookMs = 25; // longer than the gateway takes between two looks at the event loop
const punctualMs = 50;

/** Waits until the event loop keeps up: a gateway that finds it late turns operations away. */
export async function calm(): Promise<void> {
  for (let punctual = 0; punctual < 2; ) {
    const startedMs = realNow();
    await sleep(lookMs);
    punctual = realNow() - startedMs < lookMs + punctualMs ? punctual + 1 : 0;
  }
}

/** Milliseconds that have really gone by; `performance.now()` may have been moved. */
export const stopwatchMs = realNow;

/** Sets the wall clock off by so many milliseconds, as an operator or NTP may do at any time; 0 sets it right. */
export function setWallClock(byMs: number): void {
  Date.now = byMs === 0 ? realDateNow : () => realDateNow() + byMs;
}

/**
 * How many times more there is to do on this machine than it can do, at least 1. Everything takes so much
 * longer here, and upper bounds on time are stretched by it; on a machine of its own nothing is.
 */
export const strain = (): number => Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
