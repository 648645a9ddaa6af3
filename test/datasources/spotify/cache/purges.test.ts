import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createPurges, type Purges } from '../../../../src/datasources/spotify/cache/purges.ts';
import type { SpotifyId } from '../../../../src/datasources/spotify/kinds/spotify-id.ts';
import type { MessageListener } from '../../../../src/datasources/spotify/shared-state/messages.ts';
import type { SharedStore } from '../../../../src/datasources/spotify/shared-state/shared-store.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import { idOf } from '../../../../src/sandbox/catalogue/random.ts';
import { type SharedBackend, storeImplementations } from '../../../support/shared-stores.ts';

/** The ids that an operator has removed, as the processes of an app share them. */

const idsFrom = (first: number, count: number): SpotifyId[] =>
  Array.from({ length: count }, (_, i) => idOf(`removed:${first + i}`) as SpotifyId);

/** The purges of one more process, and the ids with which it searched its memory. */
async function startProcess(backend: SharedBackend) {
  const listeners: MessageListener[] = [];
  const deletions: (readonly SpotifyId[])[] = [];
  let store: SharedStore | undefined;
  const purges = createPurges(
    {
      publish: (topic, message) => store?.publish(topic, message),
      subscribe: (listener) => void listeners.push(listener),
    },
    async (ids) => {
      deletions.push(ids);
      await sleep(50); // a search of a full memory takes longer
    },
  );
  store = await backend.connect('app', (topic, message) => {
    for (const listener of listeners) listener(topic, message);
  });
  return { ...purges, deletions };
}

for (const { name, isMissing, start } of storeImplementations) {
  describe.skipIf(isMissing)(`the removed ids in ${name}`, () => {
    test('a process that starts after the removal of 4,000 ids knows all of the removed ids', async () => {
      const backend = await start();
      const one = await startProcess(backend);
      const beforeMs = epochMs();
      const ids = idsFrom(0, 4_000);
      for (let i = 0; i < ids.length; i += 100) await one.purge(ids.slice(i, i + 100));
      const isUnknownTo = ({ isPurged }: Purges) => ids.filter((id) => !isPurged(id, beforeMs)).length;
      expect(isUnknownTo(one)).toBe(0);
      await expect.poll(async () => isUnknownTo(await startProcess(backend))).toBe(0);
    });

    test('running and later processes know the ids that two processes have removed at the same moment', async () => {
      const backend = await start();
      const processes = [await startProcess(backend), await startProcess(backend)];
      const beforeMs = epochMs();
      await Promise.all(processes.map(({ purge }, i) => purge(idsFrom(i * 1_000, 1_000))));
      const ids = idsFrom(0, 2_000);
      const isUnknownTo = ({ isPurged }: Purges) => ids.filter((id) => !isPurged(id, beforeMs)).length;
      await expect.poll(async () => isUnknownTo(await startProcess(backend))).toBe(0);
      await expect.poll(() => processes.map(isUnknownTo)).toEqual([0, 0]);
    });

    test('the removal of 100 ids causes one search of the memory of its process and fewer than 20 in another process', async () => {
      const backend = await start();
      const [one, other] = [await startProcess(backend), await startProcess(backend)];
      const ids = idsFrom(0, 100);
      await one.purge(ids);
      expect(one.deletions).toEqual([ids]);
      await expect.poll(() => new Set(other.deletions.flat()).size).toBe(100);
      expect(other.deletions.length).toBeLessThan(20);
    });
  });
}
