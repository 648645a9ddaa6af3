import { expect, test } from 'vitest';
import { createReadiness, type ReadinessOptions } from '../../src/http/readiness.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const cases: [reason: string, options: Partial<ReadinessOptions>, status: number, text: string][] = [
  ['the gateway can serve', {}, 200, 'ready'],
  ['the process is draining', { isDraining: () => true }, 503, 'draining'],
  ['there is no token', { whyNotReady: async () => 'no-token' }, 503, 'no valid Spotify token'],
  [
    'the Premium subscription has lapsed',
    { whyNotReady: async () => 'premium-lapsed' },
    503,
    'Premium subscription lapsed',
  ],
  ['the check fails', { whyNotReady: () => Promise.reject(new Error()) }, 503, 'readiness check failed'],
];

test.each(cases)('/ready has a phrase of its own if %s', async (_, options, status, text) => {
  const readiness = createReadiness(
    { isDraining: () => false, whyNotReady: async () => null, ...options },
    log,
  );
  expect(await readiness()).toEqual({ status, text });
});
