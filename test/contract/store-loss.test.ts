import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { codesOf } from '../support/gateway.ts';
import { until } from '../support/process.ts';
import { hasRedis } from '../support/redis.ts';
import { catalogue, jsonList } from '../support/schema-tests.ts';
import { startStore, stores } from '../support/shared-gateways.ts';

const [first, second, third, fourth] = catalogue.artists().map(({ id }) => id);

const documentOf = (ids: readonly unknown[]) =>
  `{ artists(ids: ${jsonList(ids.map(String))}) { name followers { total } topTracks { name } albums(first: 1) { nodes { label } } } }`;

describe.each(stores)('after the loss of the data in %s', { timeout: 60_000 }, (kind) => {
  test.skipIf(kind === 'Redis' && !hasRedis())(
    'after the store has lost its data a new gateway learns capabilities and back-offs without a rejected call',
    async () => {
      const { sandbox, start, lose } = await startStore(kind, { SPOTIFY_QUOTA_MODE: 'auto' });
      const running = await start();
      expect((await running.execute(documentOf([first, second]))).errors).toEqual([]);
      sandbox.faults.add({
        on: { route: 'tracks' },
        times: 1,
        fault: { kind: 'rate-limit', retryAfterSeconds: 500 },
      });
      const track = `{ track(id: "${catalogue.tracks()[0]?.id}") { name } }`;
      expect(codesOf(await running.execute(track))).toEqual(['UPSTREAM_RATE_LIMITED']);
      await lose();
      await until(() => running.logged.some(({ message }) => message.includes('has lost data')), 30_000);
      await sleep(500);
      const losses = running.logged.filter(({ message }) => message.includes('has lost data'));
      expect(losses).toHaveLength(1); // one message, although each counter detects the loss

      const later = await start();
      sandbox.clearCalls();
      expect((await later.execute(documentOf([third, fourth]))).errors).toEqual([]);
      expect(codesOf(await later.execute(track))).toEqual(['UPSTREAM_RATE_LIMITED']);
      const calls = sandbox.calls().filter((call) => call.kind === 'api');
      expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
      expect(calls).toHaveLength(4); // two artists and a page of each
    },
  );
});
