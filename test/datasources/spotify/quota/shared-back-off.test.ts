import { describe, expect, test } from 'vitest';
import type { SharedState } from '../../../../src/datasources/spotify/shared-state/shared-state.ts';
import { settle, startRequestQueue, useClockOfOwn } from '../../../support/request-queue.ts';

useClockOfOwn();

describe('back-offs of other processes', () => {
  const published: [topic: string, message: unknown][] = [];
  let deliver: (topic: string, message: unknown) => void = () => undefined;
  const sharedState: SharedState = {
    publish: (topic, message) => void published.push([topic, message]),
    subscribe: (listener) => {
      deliver = listener;
    },
    whenSynced: async () => undefined,
    reserveCall: async () => 0,
  };
  const epochMs = () => performance.timeOrigin + performance.now();

  test('a back-off of another process stops the calls of this one, for a day at most', async () => {
    const { call, ended } = startRequestQueue({ sharedState });
    deliver('back-off:artists', { reason: 'quota', untilMs: epochMs() + 900_000 });
    deliver('back-off:search', { reason: 'quota', untilMs: epochMs() + 9e12 });
    call('a');
    call('b', 'search');
    await settle();
    expect(ended).toEqual(['a UPSTREAM_QUOTA_EXCEEDED 900', 'b UPSTREAM_QUOTA_EXCEEDED 86400']);
  });

  test('messages that are old, malformed or about something else stop no call', async () => {
    const { call, names } = startRequestQueue({ sharedState, concurrency: 10 });
    for (const [topic, message] of [
      ['back-off:artists', { reason: 'rate', untilMs: epochMs() - 1 }],
      ['back-off:artists', { reason: 'rate', untilMs: 'soon' }],
      ['back-off:artists', { untilMs: epochMs() + 900_000 }],
      ['back-off:artists', null],
      ['back-off:elsewhere', { reason: 'rate', untilMs: epochMs() + 900_000 }],
      ['ability:artists', { reason: 'rate', untilMs: epochMs() + 900_000 }],
      ['back-off', { reason: 'rate', untilMs: epochMs() + 900_000 }],
    ] as const)
      deliver(topic, message);
    call('a');
    await settle();
    expect(names()).toEqual(['a']);
  });

  test('every back-off is published with its end', () => {
    published.length = 0;
    const { requestQueue } = startRequestQueue({ sharedState });
    requestQueue.backOff('tracks', 'rate', 30_000);
    expect(published).toEqual([
      ['back-off:tracks', { reason: 'rate', untilMs: expect.closeTo(epochMs() + 30_000, 0) }],
    ]);
  });
});
