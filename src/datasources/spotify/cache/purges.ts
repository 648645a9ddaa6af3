import { epochMs } from '../../../observability/clock.ts';
import { isBareId, type SpotifyId } from '../kinds/spotify-id.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';

/**
 * The ids that an operator has removed from the cache. Every process deletes its responses that contain them, and uses no
 * such response of the store that is older. The store keeps the ids for 48 hours.
 */
export interface Purges {
  /** Removes the ids in all processes; in this one, before it resolves. */
  purge(ids: readonly SpotifyId[]): Promise<void>;
  /**
   * Whether a response contains an id that was removed after it.
   * @param body its JSON text
   * @param asOfMs when Spotify gave or confirmed it, in milliseconds of the epoch
   */
  isPurged(body: Buffer, asOfMs: number): boolean;
}

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

  /** Remembers the ids. @returns those whose removal was not known */
  function remember(purged: Iterable<readonly [SpotifyId, number]>): SpotifyId[] {
    const later = Array.from(purged).filter(([id, atMs]) => atMs > (purgedMs.get(id) ?? 0));
    for (const [id, atMs] of later) {
      purgedMs.delete(id);
      purgedMs.set(id, atMs);
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

  return {
    async purge(ids) {
      const nowMs = epochMs();
      remember(ids.map((id) => [id, nowMs]));
      for (const topic of new Set(ids.map(topicOf))) publish(topic);
      await onPurge(ids);
    },
    isPurged(body, asOfMs) {
      for (const [id, atMs] of purgedMs) if (atMs >= asOfMs && body.includes(id)) return true;
      return false;
    },
  };
}
