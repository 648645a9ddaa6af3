import { setTimeout as sleep } from 'node:timers/promises';

const lookMs = 25; // longer than the gateway takes between two looks at the event loop
const punctualMs = 50;

/**
 * Waits until the event loop keeps up. Here the gateway, its upstream and its clients share one, and a
 * gateway that finds it late turns operations away.
 */
export async function calm(): Promise<void> {
  for (let punctual = 0; punctual < 2; ) {
    const startedMs = performance.now();
    await sleep(lookMs);
    punctual = performance.now() - startedMs < lookMs + punctualMs ? punctual + 1 : 0;
  }
}
