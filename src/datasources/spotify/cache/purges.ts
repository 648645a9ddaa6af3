import { epochMs } from '../../../observability/clock.ts';
import { isBareId, type SpotifyId } from '../kinds/spotify-id.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';
import { containsId } from './embedded.ts';

/**
 * The ids that an operator has removed from the cache. Every process deletes its responses that contain them, and uses no
 * such response of the store that is older. The store keeps the ids for 48 hours.
 */
export interface Purges {
  /** Removes the ids in all processes; in this one, before it resolves. */
  purge(ids: readonly SpotifyId[]): Promise<void>;
  /**
   * Whether a response contains an id that was removed after its request.
   * @param content its JSON text, or its value with its key
   * @param startedMs when the request began, in milliseconds of the epoch
   */
  isPurged(content: unknown, startedMs: number): boolean;
  /** Whether any id was removed since a time. */
  hasPurgedSince(startedMs: number): boolean;
}

export const noPurges: Pick<Purges, 'isPurged' | 'hasPurgedSince'> = {
  isPurged: () => false,
  hasPurgedSince: () => false,
};

// A message has room for some 45 ids.
const idsOfTopic = 32;
const topics = 32;
const topicOf = (id: string): string => `purge/${id.charCodeAt(id.length - 1) % topics}`;

/**
 * @param store by which processes share the ids; undefined if nothing is shared
 * @param onPurge deletes the responses in the memory of this process
 */
export function createPurges(
  store: Pick<SharedStore, 'publish' | 'subscribe'> | undefined,
  onPurge: (ids: readonly SpotifyId[]) => Promise<void>,
): Purges {
  const purgedMs = new Map<SpotifyId, number>(); // when each id was removed, in the order of the removals
  let latestMs = 0;

  /** Remembers the ids. @returns those whose removal was not known */
  function remember(purged: Iterable<readonly [SpotifyId, number]>): SpotifyId[] {
    const later = Array.from(purged).filter(([id, atMs]) => atMs > (purgedMs.get(id) ?? 0));
    for (const [id, atMs] of later) {
      purgedMs.delete(id);
      purgedMs.set(id, atMs);
      latestMs = Math.max(latestMs, atMs);
    }
    for (const id of purgedMs.keys()) {
      if (purgedMs.size <= topics * idsOfTopic) break;
      purgedMs.delete(id);
    }
    return later.map(([id]) => id);
  }

  function publish(topic: string): void {
    const ofTopic = [...purgedMs].filter(([id]) => topicOf(id) === topic).slice(-idsOfTopic);
    store?.publish(topic, Object.fromEntries(ofTopic));
  }

  store?.subscribe((topic, message) => {
    if (!topic.startsWith('purge/') || typeof message !== 'object' || message === null) return;
    const nowMs = epochMs();
    const ids = remember(
      Object.entries(message).flatMap(([id, atMs]) =>
        // A time in the future would make every later response useless.
        isBareId(id) && typeof atMs === 'number' ? [[id, Math.min(atMs, nowMs)] as const] : [],
      ),
    );
    if (ids.length > 0) void onPurge(ids);
  });

  const hasPurgedSince = (startedMs: number): boolean => latestMs >= startedMs;

  return {
    hasPurgedSince,
    async purge(ids) {
      const nowMs = epochMs();
      remember(ids.map((id) => [id, nowMs]));
      for (const topic of new Set(ids.map(topicOf))) publish(topic);
      await onPurge(ids);
    },
    isPurged: (content, startedMs) =>
      hasPurgedSince(startedMs) && containsId(content, (id) => (purgedMs.get(id) ?? 0) >= startedMs),
  };
}
