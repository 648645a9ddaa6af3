import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { catalogue, inMode, seen } from '../support/asking.ts';
import { startClock } from '../support/clock.ts';
import type { TestGateway } from '../support/gateway.ts';
import { hasRedis, startRedis } from '../support/redis.ts';

const family = 'albums';
const hours = 3_600;
const ids = catalogue
  .albums()
  .slice(0, 41)
  .map(({ id }) => id);

/** Reads one album; its name, or the code and the seconds to wait. */
async function read({ ask }: Pick<TestGateway, 'ask'>, index: number) {
  const { data, errors, extensions } = await ask<{ album: { name: string } | null }, object>(
    `{ album(id: "${ids[index]}") { name } }`,
  );
  const [error] = errors;
  if (error) return { code: error.extensions?.['code'], retryAfter: error.extensions?.['retryAfter'] };
  return { found: data.album !== null, stale: (extensions.spotify?.stale ?? []).map(({ reason }) => reason) };
}

const found = { found: true, stale: [] };
const usedUp = { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: expect.any(Number) };

const quotaOf = async ({ ask }: Pick<TestGateway, 'ask'>) => {
  const { data } = await ask<{ quota: { family: string }[] }, object>(
    '{ quota { family used limit limitSource remaining } }',
  );
  return data.quota.find((quota) => quota.family === family);
};

describe('a daily limit', () => {
  test('that the operator has set is kept, and cached data is served when it is used up', async () => {
    const clock = startClock();
    const gateway = await inMode('development', { SPOTIFY_DAILY_LIMITS: `${family}=5` });
    for (let i = 0; i < 4; i++) expect(await read(gateway, i)).toEqual(found);
    expect(await quotaOf(gateway)).toEqual({
      family,
      used: 4,
      limit: 5,
      limitSource: 'CONFIGURED',
      remaining: 0,
    });
    expect([await read(gateway, 4), await read(gateway, 0)]).toEqual([usedUp, found]);
    expect(gateway.apiCalls()).toHaveLength(4);

    await clock.pass(24 * hours + 1);
    expect([await read(gateway, 4), await read(gateway, 0)]).toEqual([
      usedUp,
      { found: true, stale: ['QUOTA'] },
    ]);
    expect(gateway.apiCalls()).toHaveLength(4);

    const { retryAfter = Number.NaN } = await read(gateway, 4);
    await clock.pass(Number(retryAfter));
    expect(await read(gateway, 4)).toEqual(found);
    expect(gateway.apiCalls()).toHaveLength(5);
  });

  test('is learned from one rejection by Spotify and never reached again', async () => {
    const clock = startClock();
    const gateway = await inMode('development');
    const { sandbox, ask, apiCalls } = gateway;
    const spotifysLimit = { kind: 'budget', calls: 12, windowSeconds: 24 * hours, form: 'quota' } as const;
    sandbox.faults.add({ on: { route: family }, fault: spotifysLimit });
    for (let i = 0; i < 12; i++) expect(await read(gateway, i)).toEqual(found);
    expect(await read(gateway, 12)).toEqual(usedUp);
    expect(await quotaOf(gateway)).toMatchObject({
      used: 13,
      limit: 12,
      limitSource: 'LEARNED',
      remaining: 0,
    });
    for (let i = 12; i < 15; i++) expect(await read(gateway, i)).toEqual(usedUp);
    expect(apiCalls()).toHaveLength(13);

    for (let day = 1; day <= 3; day++) {
      await clock.pass(25 * hours);
      const callsBefore = apiCalls().length;
      for (const id of ids)
        await ask(`{ album(id: "${id}", market: ${['DE', 'FR', 'SE'][day - 1]}) { name } }`);
      expect(apiCalls().length - callsBefore).toBe(11);
    }
    expect(sandbox.calls().filter(({ status }) => status === 429)).toHaveLength(1);
  });
});

describe.skipIf(!hasRedis())('a daily limit with a shared store', () => {
  test('holds for all processes together, across restarts and after the store has lost its data', async () => {
    const redis = await startRedis();
    const environment = { REDIS_URL: redis.url, SPOTIFY_DAILY_LIMITS: `${family}=7` };
    const first = await inMode('development', environment);
    const second = await inMode('development', environment);
    for (let i = 0; i < 2; i++) {
      expect(await read(first, i)).toEqual(found);
      expect(await read(second, 10 + i)).toEqual(found);
    }
    await first.gateway.dispose();
    const later = await inMode('development', environment);
    expect(await read(later, 20)).toEqual(found);
    expect(await quotaOf(later)).toMatchObject({ used: 5, remaining: 1 });

    await redis.client.flushall();
    await sleep(100);
    expect(await read(second, 30)).toEqual(found);
    expect(await read(later, 31)).toEqual(usedUp);
    const last = await inMode('development', environment);
    expect(await read(last, 40)).toEqual(usedUp);
    const calls = [first, second, later, last].map(({ apiCalls }) => apiCalls().length);
    expect(calls).toEqual([2, 3, 1, 0]);
  });
});

test('an app in development mode has presumed limits, which reject no call', async () => {
  const { ask } = await inMode('development');
  const { data } = await ask<{ quota: object[] }, object>('{ quota { family limit limitSource remaining } }');
  expect(data.quota).toContainEqual({
    family: 'artists/albums',
    limit: 100,
    limitSource: 'PRESUMED',
    remaining: 98,
  });
  expect(seen(await (await inMode('extended')).ask('{ quota { family } }'))).toEqual({
    data: { quota: [] },
    errors: [],
  });
});
