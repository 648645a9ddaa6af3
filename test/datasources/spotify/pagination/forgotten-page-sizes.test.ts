import { expect, test } from 'vitest';
import { startClock } from '../../../support/clock.ts';
import { type TestList, testList } from '../../../support/lists.ts';

/** A learned page size limit is tried again after a day. The list has 45 albums; the app gets them in pages of 10. */

const list: TestList = { slots: Array.from({ length: 45 }, (_, i) => i + 1), ceiling: 10, manner: 'refuse' };
const dayAndHour = 25 * 3_600;
const freshMs = 30 * 24 * 3_600_000;

async function startAfterDay(callsLeft: number) {
  const clock = startClock();
  const quota = { callsLeft: 100, isKnown: true };
  const { page, requests } = testList(list, { freshMs, quota });
  const { endCursor } = await page({ first: 20 });
  await clock.pass(dayAndHour);
  quota.callsLeft = callsLeft;
  requests.length = 0;
  return { page, requests, endCursor };
}

test('a cached window costs no call after the day in which the page size was learned', async () => {
  const { page, requests } = await startAfterDay(100);
  expect((await page({ first: 20 })).ids).toHaveLength(20);
  expect(requests).toEqual([]);
});

test('a cached window is served when the page size is no longer known and no call is left', async () => {
  const { page, requests } = await startAfterDay(0);
  expect((await page({ first: 20 })).ids).toHaveLength(20);
  expect((await page({ first: 30 })).ids).toHaveLength(20);
  expect(requests).toEqual([]);
});

test('the gateway tries the larger page size again after a day for a page that is not cached', async () => {
  const { page, requests, endCursor } = await startAfterDay(100);
  expect((await page({ first: 10, after: endCursor })).ids).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  expect(requests.map(({ limit, refused }) => ({ limit, refused }))).toEqual([
    { limit: 50, refused: true },
    { limit: 10, refused: false },
  ]);
});
