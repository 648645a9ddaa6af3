import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FaultRule } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { artists, albums } = catalogue.fixtures;
const client = useSandbox({ quotaMode: 'extended', catalogue });

const broken = { kind: 'answer', status: 503 } as const;
const paths = {
  artist: `/artists/${artists.bts}`,
  batch: `/artists?ids=${artists.bts}`,
  albums: `/artists/${artists.bts}/albums?limit=10`,
  album: `/albums/${albums.tracks1}`,
};

const statusOf = async (path: string) => (await client.get(path)).status;
const statuses = async (count: number) => {
  const all: number[] = [];
  for (let call = 0; call < count; call++) all.push(await statusOf(paths.artist));
  return all;
};

describe('a fault rule', () => {
  test.each<[string, FaultRule['on'], number[]]>([
    ['every call of the Web API', undefined, [503, 503, 503, 503]],
    ['one endpoint family, singles and batches alike', { route: 'artists' }, [503, 503, 200, 200]],
    ['several families', { route: ['albums', 'artists/albums'] }, [200, 200, 503, 503]],
    ['calls whose path begins with a text', { path: `/artists/${artists.bts}` }, [503, 200, 503, 200]],
    ['calls whose path and query match a pattern', { pattern: 'limit=\\d+$' }, [200, 200, 503, 200]],
    ['batches alone', { batch: true }, [200, 503, 200, 200]],
    ['single reads alone', { route: 'artists', batch: false }, [503, 200, 200, 200]],
    [
      'only calls that meet all of its conditions',
      { route: 'artists', pattern: 'albums' },
      [200, 200, 200, 200],
    ],
  ])('a fault rule affects %s', async (_, on, expected) => {
    client.sandbox.faults.add({ ...(on && { on }), fault: broken });
    const received = [];
    for (const path of Object.values(paths)) received.push(await statusOf(path));
    expect(received).toEqual(expected);
    expect((await client.requestToken()).status).toBe(200);
  });

  test('a fault rule for the route `token` affects only the token endpoint', async () => {
    client.sandbox.faults.add({ on: { route: 'token' }, fault: broken });
    expect((await client.requestToken()).status).toBe(503);
    expect(await statusOf(paths.artist)).toBe(200);
  });

  test('a fault rule with `every: 3` affects every third call after `skip` calls, and at most `times` calls', async () => {
    client.sandbox.faults.add({ skip: 1, every: 3, times: 2, fault: broken });
    expect(await statuses(9)).toEqual([200, 503, 200, 200, 503, 200, 200, 200, 200]);
  });

  test('a fault rule with `times` affects that many calls, and is then removed', async () => {
    client.sandbox.faults.add({ times: 2, fault: broken });
    expect(await statuses(4)).toEqual([503, 503, 200, 200]);
    expect(client.sandbox.faults.rules()).toEqual([]);
  });

  test('a fault rule with `skip` affects a call only after that many matching calls', async () => {
    client.sandbox.faults.add({ on: { route: 'artists' }, skip: 1, times: 1, fault: broken });
    expect(await statusOf(paths.album)).toBe(200);
    expect(await statuses(3)).toEqual([200, 503, 200]);
  });

  test('a fault rule with `forMs` affects no call after that time', async () => {
    client.sandbox.faults.add({ forMs: 150, fault: broken });
    expect(await statusOf(paths.artist)).toBe(503);
    await sleep(160);
    expect(await statusOf(paths.artist)).toBe(200);
  });

  test('a fault rule with `chance` affects random calls, and the same calls for the same seed', async () => {
    const withSeed = async (seed: string) => {
      const remove = client.sandbox.faults.add({ chance: 0.3, seed, fault: broken });
      const received = await statuses(60);
      remove();
      return received;
    };
    const received = await withSeed('one');
    const hits = received.filter((status) => status === 503).length;
    expect(hits).toBeGreaterThan(8);
    expect(hits).toBeLessThan(30);
    expect(await withSeed('one')).toEqual(received);
    expect(await withSeed('two')).not.toEqual(received);
  });
});

describe('fault rules', () => {
  test('a fault rule ends when this rule or every rule is removed', async () => {
    const remove = client.sandbox.faults.add({ fault: broken });
    client.sandbox.faults.add({ on: { route: 'albums' }, fault: broken });
    remove();
    expect([await statusOf(paths.artist), await statusOf(paths.album)]).toEqual([200, 503]);
    client.sandbox.faults.clear();
    expect(await statusOf(paths.album)).toBe(200);
  });

  test('all fault rules apply to a call, and of two responses the first response is sent', async () => {
    client.sandbox.faults.add({ fault: { kind: 'delay', ms: 60 } });
    client.sandbox.faults.add({ fault: { kind: 'delay', ms: 60 } });
    client.sandbox.faults.add({ fault: broken });
    client.sandbox.faults.add({ fault: { kind: 'answer', status: 418 } });
    const before = performance.now();
    expect(await statusOf(paths.artist)).toBe(503);
    expect(performance.now() - before).toBeGreaterThanOrEqual(119);
  });

  test('faults set the status in the list of calls, null for a reset', async () => {
    client.sandbox.faults.add({ times: 1, fault: broken });
    client.sandbox.faults.add({ skip: 1, times: 1, fault: { kind: 'reset' } });
    await client.get(paths.artist);
    await client.get(paths.artist).catch(() => {});
    await client.get(paths.artist);
    expect(client.sandbox.calls().map(({ status }) => status)).toEqual([503, null, 200]);
  });

  test('faults do not change the catalogue: a response is as before when its rule is removed', async () => {
    const original = await client.get(paths.album);
    const remove = client.sandbox.faults.add({
      fault: { kind: 'edit', edits: [{ path: 'name', set: 'spoiled' }] },
    });
    expect((await client.get(paths.album)).at('name')).toBe('spoiled');
    remove();
    expect((await client.get(paths.album)).text).toBe(original.text);
  });
});
