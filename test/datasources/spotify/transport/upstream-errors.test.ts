import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../../src/datasources/spotify/transport/http.ts';
import { decideRetry } from '../../../../src/datasources/spotify/transport/retry.ts';
import {
  backOffError,
  retryAfterText,
} from '../../../../src/datasources/spotify/transport/upstream-errors.ts';
import { response } from '../../../support/request-queue.ts';

/** The messages for clients when Spotify fails state the event and the next step. */

const fault = (kind: 'timeout' | 'transport' | 'tls'): Outcome => ({ kind: 'fault', fault: kind, code: 'E' });

test.each([
  [503, response(503), 'Spotify responded with status 503: retry after a few seconds.'],
  [408, response(408), 'Spotify responded with status 408: retry after a few seconds.'],
  ['no connection', fault('transport'), 'Spotify cannot be reached: retry after a few seconds.'],
  [
    'an invalid certificate',
    fault('tls'),
    'Spotify cannot be reached: the gateway does not trust its TLS connection.',
  ],
  ['no response in time', fault('timeout'), 'Spotify did not respond in time: retry after a few seconds.'],
])('the message for a client states the event and the next step after %s', (_, outcome, message) => {
  const decision = decideRetry(outcome, 3, 0, 0);
  expect(decision).toMatchObject({ act: 'fail', error: { message } });
});

describe('during a back-off', () => {
  test.each([
    ['rate', 29_400, "Spotify limits the gateway's calls: retry after 30 seconds."],
    [
      'quota',
      86_400_000,
      'The daily quota of the Spotify endpoint artists/albums is used up: retry after 24 hours.',
    ],
    ['unavailable', 5_000, 'Spotify is temporarily unavailable: retry after 5 seconds.'],
  ] as const)(
    'during a back-off with reason %s the message for a client states the time of the next try',
    (reason, waitMs, message) => {
      expect(backOffError('artists/albums', reason, waitMs).message).toBe(message);
    },
  );

  test.each([
    [1, 'retry after 1 second'],
    [119, 'retry after 119 seconds'],
    [121, 'retry after 3 minutes'],
    [7_199, 'retry after 120 minutes'],
    [7_201, 'retry after 2 hours 1 minute'],
    [35_940, 'retry after 9 hours 59 minutes'],
    [86_340, 'retry after about 24 hours'],
    [86_894, 'retry after about 24 hours'],
  ])('a wait of %i seconds is rounded up to "%s"', (seconds, text) => {
    expect(retryAfterText(seconds)).toBe(text);
  });
});

test.each([
  ['rate', 1, { code: 'UPSTREAM_RATE_LIMITED', details: { retryAfter: 1 } }],
  ['rate', 29_001, { code: 'UPSTREAM_RATE_LIMITED', details: { retryAfter: 30 } }],
  [
    'quota',
    3_600_000,
    {
      code: 'UPSTREAM_QUOTA_EXCEEDED',
      details: { retryAfter: 3_600 },
      message: 'The daily quota of the Spotify endpoint artists/albums is used up: retry after 60 minutes.',
    },
  ],
  ['quota', 0, { code: 'UPSTREAM_QUOTA_EXCEEDED', details: { retryAfter: 1 } }],
  ['unavailable', 5_000, { code: 'UPSTREAM_UNAVAILABLE', details: {} }],
] as const)(
  'during a back-off for %s that lasts %i ms more the error has its code and the seconds',
  (reason, waitMs, expected) => {
    expect(backOffError('artists/albums', reason, waitMs)).toMatchObject(expected);
  },
);
