import { epochMs } from '../../../observability/clock.ts';
import { isBareId, type SpotifyId } from '../kinds/spotify-id.ts';
import { subscribeTo } from '../shared-state/messages.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';
import { containsId } from './embedded.ts';

export type Purges = ReturnType<typeof createPurges>;

// Spread over the topics, 4,000 ids leave no topic with more than 40 of them. A message has room for 45.
const topicCount = 256;
const subject = 'purges';
const idsOfTopic = 40;

/**
 * The ids that an operator has removed from the cache. Every process deletes its responses that contain them, and uses no
 * such response of the store that is older. The store keeps the ids for 8 days.
 * @param store by which processes share the ids; undefined if nothing is shared
 * @param onPurge deletes the responses in the memory of this process
 */
export function createPurges(
  store: Pick<SharedStore, 'publish' | 'subscribe'> | undefined,
  onPurge: (ids: readonly SpotifyId[]) => Promise<void>,
) {
  const topics = Array.from({ length: topicCount }, () => new Map<SpotifyId, number>()); // when each id was removed
  let latestMs = 0;
  let idsToDelete: SpotifyId[] = [];
  let deletion = Promise.resolve();

  /** Remembers the ids. @returns those whose removal was not known */
  function remember(purged: readonly (readonly [SpotifyId, number])[]): SpotifyId[] {
    const later = purged.filter(([id, atMs]) => atMs > purgedMs(id));
    for (const [id, atMs] of later) {
      const topic = topicOf(id);
      topics[topic] = new Map(latest([...(topics[topic] ?? []), [id, atMs]]));
      latestMs = Math.max(latestMs, atMs);
    }
    return later.map(([id]) => id);
  }

  const purgedMs = (id: SpotifyId): number => topics[topicOf(id)]?.get(id) ?? 0;

  const publish = (topic: number): void =>
    store?.publish(`${subject}:${topic}`, Object.fromEntries(topics[topic] ?? []));

  /** Deletes the ids of all messages that have arrived meanwhile together: each deletion searches the whole memory. */
  function deleteResponses(ids: readonly SpotifyId[]): Promise<void> {
    idsToDelete.push(...ids);
    deletion = deletion.then(() => {
      const collectedIds = idsToDelete;
      idsToDelete = [];
      return collectedIds.length > 0 ? onPurge(collectedIds) : undefined;
    });
    return deletion;
  }

  subscribeTo(store, subject, (message, topicName) => {
    const nowMs = epochMs();
    const times = Object.entries(message).flatMap(([id, atMs]) =>
      // A time in the future would make every later response useless.
      isBareId(id) && typeof atMs === 'number' ? [[id, Math.min(atMs, nowMs)] as const] : [],
    );
    void deleteResponses(remember(times));
    // A process that did not know the ids of this one has replaced its message.
    const topic = Number(topicName);
    const sentTimes = new Map<string, number>(times);
    const isIncomplete = Array.from(topics[topic] ?? []).some(
      ([id, atMs]) => (sentTimes.get(id) ?? 0) < atMs,
    );
    if (isIncomplete) publish(topic);
  });

  const hasPurgedSince = (startedMs: number): boolean => latestMs >= startedMs;

  return {
    /** Whether any id was removed since a time. */
    hasPurgedSince,
    /** Removes the ids in all processes; in this one, before it resolves. */
    async purge(ids: readonly SpotifyId[]): Promise<void> {
      const nowMs = epochMs();
      remember(ids.map((id) => [id, nowMs]));
      for (const topic of new Set(ids.map(topicOf))) publish(topic);
      await deleteResponses(ids);
    },
    /**
     * Whether a response contains an id that was removed after its request.
     * @param content its value, or its JSON, with its key
     * @param startedMs when the request began, in milliseconds of the epoch
     */
    isPurged: (content: unknown, startedMs: number): boolean =>
      hasPurgedSince(startedMs) && containsId(content, (id) => purgedMs(id) >= startedMs),
  };
}

/** The topic of an id: the same in all processes. */
function topicOf(id: SpotifyId): number {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) % topicCount;
  return hash;
}

/** As many of them as a message has room for: the same ones in all processes. */
const latest = (times: readonly [SpotifyId, number][]): [SpotifyId, number][] =>
  times.toSorted(([, one], [, other]) => one - other).slice(-idsOfTopic);
