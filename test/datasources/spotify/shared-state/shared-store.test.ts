import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countersAfter } from '../../../../src/datasources/spotify/shared-state/call-counters.ts';
import type {
  CallReservation,
  SharedStore,
} from '../../../../src/datasources/spotify/shared-state/shared-store.ts';
import { until } from '../../../support/process.ts';
import { reservationOf, type SharedBackend, storeImplementations } from '../../../support/shared-stores.ts';

/** The guarantees of a shared store, for each implementation. Each store of a test simulates a process. */

const lifeMs = 60_000;
const text = async (store: SharedStore, ...keys: string[]) =>
  (await store.getEntries(keys)).map((value) => value?.toString() ?? null);

async function pair(backend: SharedBackend): Promise<[SharedStore, SharedStore]> {
  return [await backend.connect(), await backend.connect()];
}

const soonMs = 5_000; // many times the usual duration, for a busy machine

for (const { name, isMissing, start } of storeImplementations) {
  describe.skipIf(isMissing)(`shared store: ${name}`, () => {
    test.concurrent('an entry that one process stores is read by other and later processes until its life ends', async () => {
      const backend = await start();
      const [one, other] = await pair(backend);
      one.setEntries([{ key: 'a', value: Buffer.from('first'), lifeMs }]);
      one.setEntries([{ key: 'b', value: Buffer.from('short'), lifeMs: 150 }]);
      await until(async () => (await text(other, 'a', 'missing')).join() === 'first,', soonMs);
      one.setEntries([{ key: 'a', value: Buffer.from('second'), lifeMs }]);
      await until(async () => (await text(other, 'a'))[0] === 'second', soonMs);
      await one.close();
      await sleep(200);
      expect(await text(await backend.connect(), 'b', 'a')).toEqual([null, 'second']);
    });

    test('an entry of another app is not read, and an entry that is too long is not stored', async () => {
      const backend = await start();
      const one = await backend.connect();
      one.setEntries([{ key: 'a', value: Buffer.from('secret of the app'), lifeMs }]);
      one.setEntries([{ key: 'long', value: Buffer.alloc(200_001), lifeMs }]);
      one.setEntries([{ key: 'b', value: Buffer.from('b'), lifeMs }]);
      await until(async () => (await text(one, 'b'))[0] === 'b', soonMs);
      expect(await text(await backend.connect('another'), 'a')).toEqual([null]);
      expect(await text(one, 'long')).toEqual([null]);
    });

    test.concurrent('a message reaches every process, its sender too, and later processes receive the latest of each topic', async () => {
      const backend = await start();
      const [one, other] = await pair(backend);
      const received: unknown[] = [];
      one.subscribe((topic, message) => received.push(['one', topic, message]));
      other.subscribe((topic, message) => received.push(['other', topic, message]));
      one.publish('limit', { value: 1 });
      await until(() => received.length >= 2, soonMs);
      expect(received).toEqual(
        expect.arrayContaining([
          ['one', 'limit', { value: 1 }],
          ['other', 'limit', { value: 1 }],
        ]),
      );
      one.publish('limit', { value: 2 });
      other.publish('back-off', { value: 3 });
      await until(() => received.length >= 6, soonMs);
      const later: Record<string, unknown> = {};
      await backend.connect('app', (topic, message) => {
        later[topic] = message;
      });
      expect(later).toEqual({ limit: { value: 2 }, 'back-off': { value: 3 } });
      expect(received).toHaveLength(6);
    });

    test.concurrent('a process publishes again the messages that the store has lost, except for topics with a newer message', async () => {
      const backend = await start();
      const topics = new Map<string, unknown>();
      const listen = (topic: string, message: unknown) => void topics.set(topic, message);
      const one = await backend.connect();
      const other = await backend.connect('app', listen);
      one.publish('lost', { value: 1 });
      one.publish('lost', { value: 2 });
      one.publish('newer', { value: 1 });
      await until(() => topics.size === 2, soonMs);
      await one.close();
      await backend.lose();
      const running = new Map<string, unknown>();
      const third = await backend.connect('app', (topic, message) => void running.set(topic, message));
      await until(async () => {
        third.publish('newer', { value: 2 });
        await sleep(50);
        return (topics.get('newer') as { value: number }).value === 2; // a disk store notices the loss within a second
      }, soonMs);
      other.publishAgain();
      await until(() => running.size === 2, soonMs);
      const later: Record<string, unknown> = {};
      await backend.connect('app', (topic, message) => {
        later[topic] = message;
      });
      expect(later).toEqual({ lost: { value: 2 }, newer: { value: 2 } });
      expect(Object.fromEntries(running)).toEqual(later);
    });

    test.concurrent('one process has the lease of a key, the others wait for its release, and each key is independent', async () => {
      const [one, other] = await pair(await start());
      expect(await one.acquireLeases(['a', 'b'])).toEqual([true, true]);
      expect(await other.acquireLeases(['a', 'c'])).toEqual([false, true]);
      const ended = other.whenLeaseEnds('a').then(() => performance.now());
      await sleep(1_500); // longer than a lease, which is renewed
      expect(await other.acquireLeases(['a'])).toEqual([false]);
      const releasedMs = performance.now();
      one.releaseLease('a');
      expect(await ended).toBeGreaterThanOrEqual(releasedMs);
      expect((await ended) - releasedMs).toBeLessThan(150);
      expect(await other.acquireLeases(['a', 'b'])).toEqual([true, false]);
    });

    test('a released lease can be acquired, and a lease that has ended before the wait for it begins, or never began, is not waited for', async () => {
      const [one, other] = await pair(await start());
      await one.acquireLeases(['a']);
      expect(await other.acquireLeases(['a'])).toEqual([false]);
      one.releaseLease('a');
      await until(async () => (await other.acquireLeases(['a']))[0], soonMs);
      other.releaseLease('a');
      await sleep(100);
      for (const key of ['a', 'never acquired']) {
        const startedMs = performance.now();
        await one.whenLeaseEnds(key);
        expect(performance.now() - startedMs, key).toBeLessThan(150);
      }
    });

    test('a lease that its process acquires again ends when it was released twice', async () => {
      const [one, other] = await pair(await start());
      await one.acquireLeases(['a']);
      expect(await one.acquireLeases(['a'])).toEqual([true]);
      one.releaseLease('a');
      await sleep(100);
      expect(await other.acquireLeases(['a'])).toEqual([false]);
      one.releaseLease('a');
      await until(async () => (await other.acquireLeases(['a']))[0], soonMs);
    });

    test.concurrent('a process that closes its store releases its leases', async () => {
      const [one, other] = await pair(await start());
      await one.acquireLeases(['a']);
      const ended = other.whenLeaseEnds('a');
      await one.close();
      await ended;
      expect(await other.acquireLeases(['a'])).toEqual([true]);
    });

    test.concurrent('a lease that another process has taken over is not released by its former holder', async () => {
      const backend = await start();
      const [one, other] = await pair(backend);
      await one.acquireLeases(['a']);
      await backend.lose();
      await until(async () => (await other.acquireLeases(['a']))[0], soonMs);
      one.releaseLease('a');
      await sleep(100);
      expect(await (await backend.connect()).acquireLeases(['a'])).toEqual([false]);
    });

    test('calls of all processes count against one limit, which they reach exactly and never exceed', async () => {
      const stores = await pair(await start());
      let accepted = 0;
      const processes = stores.map(async (store, i) => {
        let count = 0;
        for (let attempt = 0; attempt < 30; attempt++) {
          const result = await store.reserveCall('artists', reservationOf(`p${i}`, count + 1, 25));
          if (result?.isWithinLimit) count += 1;
        }
        accepted += count;
      });
      await Promise.all(processes);
      expect(accepted).toBe(25);
      const result = await stores[0]?.reserveCall('artists', { ...reservationOf('p0', 0), counters: {} });
      const counts = Object.values(result?.counters ?? {});
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(25);
      expect(await stores[0]?.reserveCall('albums', reservationOf('p0', 1, 25))).toEqual({
        isWithinLimit: true,
        counters: { '100:p0': 1 },
      });
    });

    test('a reservation prunes, moves, merges and raises counters like the pure function countersAfter', async () => {
      const store = await (await start()).connect();
      const bucket = fc.integer({ min: 90, max: 110 });
      const name = fc
        .tuple(bucket, fc.constantFrom('p', 'q', 'p-unsent', 'q-unsent', 'r-1'))
        .map(([at, id]) => `${at}:${id}`);
      const reservation = fc.record({
        calls: fc.nat(4),
        counters: fc.dictionary(name, fc.integer({ min: 0, max: 9 }), { maxKeys: 6 }),
        ownCounter: name,
        oldestBucket: fc.integer({ min: 92, max: 98 }),
        currentBucket: fc.integer({ min: 99, max: 106 }),
        limit: fc.option(fc.integer({ min: 0, max: 40 })),
      });
      let family = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(reservation, { minLength: 1, maxLength: 6 }), async (reservations) => {
          family += 1;
          let stored = new Map<string, unknown>();
          for (const each of reservations) {
            const expected = countersAfter(stored, each);
            expect(await store.reserveCall(`family${family}`, each)).toEqual(expected);
            stored = new Map(Object.entries(expected.counters));
          }
        }),
        { numRuns: 100 },
      );
    });

    test('the calls of 20 processes in all buckets of a day are counted and limited', {
      timeout: 30_000,
    }, async () => {
      const store = await (await start()).connect();
      const calls = 20 * 290;
      const reserve = (reservation: CallReservation) =>
        until(async () => (await store.reserveCall('artists', reservation)) ?? false, 20_000);
      for (let id = 0; id < 20; id++) {
        const buckets = Array.from({ length: 290 }, (_, i) => [`${100 + i}:p${id}`, 1]);
        const counters = Object.fromEntries(buckets);
        const written = await reserve({ ...reservationOf(`p${id}`, 0, null, 390), counters });
        expect(Object.keys(written.counters)).toHaveLength(290 * (id + 1));
      }
      expect((await reserve(reservationOf('last', 1, calls, 390))).isWithinLimit).toBe(false);
      const counted = await reserve(reservationOf('last', 1, calls + 1, 390));
      expect(counted.isWithinLimit).toBe(true);
      expect(Object.values(counted.counters).reduce((sum, count) => sum + count, 0)).toBe(calls + 1);
    });

    test.concurrent('the calls of a rolling window are counted for all processes, and the result of a rejected call is the time to wait', async () => {
      const [one, other] = await pair(await start());
      expect(await Promise.all([1, 2, 3].map(() => one.reserveRate(5, 1_000)))).toEqual([0, 0, 0]);
      expect(await Promise.all([1, 2].map(() => other.reserveRate(5, 1_000)))).toEqual([0, 0]);
      const waitMs = await other.reserveRate(5, 1_000);
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(1_000);
      await sleep(waitMs + 20);
      expect(await one.reserveRate(5, 1_000)).toBe(0);
    });

    test.concurrent('after the limit of a rolling window was lowered, the time to wait is that until so many calls have expired', async () => {
      const [store] = await pair(await start());
      for (let call = 1; call <= 3; call += 1) expect(await store.reserveRate(5, 10_000)).toBe(0);
      await sleep(1_000);
      for (let call = 1; call <= 2; call += 1) expect(await store.reserveRate(5, 10_000)).toBe(0);
      expect(await store.reserveRate(2, 10_000)).toBeGreaterThan(9_200); // four of the five have to expire
    });

    test.concurrent('a store that loses all data continues empty, and no method rejects', async () => {
      const backend = await start();
      const [one, other] = await pair(backend);
      one.setEntries([{ key: 'a', value: Buffer.from('a'), lifeMs }]);
      await one.reserveCall('artists', reservationOf('p', 7));
      await one.acquireLeases(['a']);
      const ended = other.whenLeaseEnds('a');
      await backend.lose();
      await ended;
      await until(async () => (await text(one, 'a'))[0] === null, soonMs);
      one.setEntries([{ key: 'b', value: Buffer.from('b'), lifeMs }]);
      one.publish('limit', { value: 1 });
      await until(async () => (await text(other, 'b'))[0] === 'b', soonMs);
      const after = await until(
        async () => (await one.reserveCall('artists', reservationOf('q', 1))) ?? false,
        soonMs,
      );
      expect(after).toEqual({ isWithinLimit: true, counters: { '100:q': 1 } });
      one.releaseLease('a');
    });
  });
}
