import { countersAfter } from '../../src/datasources/spotify/shared-state/call-counters.ts';
import type { SharedStore } from '../../src/datasources/spotify/shared-state/shared-store.ts';

/** The data of a shared store in this process, to which any number of simulated processes connect. */
interface FakeSharedStore {
  /** The store as one process sees it. */
  connect(): SharedStore;
  /** Loses all data. */
  flush(): void;
  /** From now on the store responds to nobody, or to everybody again. */
  setDown(isDown: boolean): void;
  /** The counters of each endpoint family. */
  counters: Map<string, Map<string, number>>;
  topics: Map<string, object>;
}

const leaseMs = 1_000;

export function createFakeSharedStore(): FakeSharedStore {
  const entries = new Map<string, Buffer>();
  const topics = new Map<string, object>();
  const counters = new Map<string, Map<string, number>>();
  const listeners = new Set<(topic: string, message: unknown) => void>();
  const leases = new Map<string, { holder: symbol; untilMs: number; ended: (() => void)[] }>();
  let rates: number[] = [];
  let isDown = false;

  function release(key: string, holder?: symbol): void {
    const lease = leases.get(key);
    if (!lease || (holder && lease.holder !== holder)) return;
    leases.delete(key);
    for (const onEnd of lease.ended) onEnd();
  }

  function connect(): SharedStore {
    const holder = Symbol('process');
    const own = new Set<(topic: string, message: unknown) => void>();
    const latest = new Map<string, object>();
    const remember = (topic: string, message: unknown) => void latest.set(topic, message as object);
    listeners.add(remember);
    own.add(remember);
    return {
      getEntries: async (keys) => keys.map((key) => (isDown ? null : (entries.get(key) ?? null))),
      setEntries(newEntries) {
        for (const { key, value } of isDown ? [] : newEntries) entries.set(key, value);
      },
      publish(topic, message) {
        const copy = structuredClone(message);
        remember(topic, copy);
        if (isDown) return;
        topics.set(topic, copy);
        for (const listener of listeners) listener(topic, structuredClone(copy));
      },
      publishAgain() {
        const lost = isDown ? [] : [...latest].filter(([topic]) => !topics.has(topic));
        for (const [topic, message] of lost) {
          topics.set(topic, message);
          for (const listener of listeners) listener(topic, structuredClone(message));
        }
      },
      subscribe(listener) {
        listeners.add(listener);
        own.add(listener);
        queueMicrotask(() => {
          for (const [topic, message] of topics) {
            remember(topic, structuredClone(message));
            listener(topic, structuredClone(message));
          }
        });
      },
      isAvailable: () => !isDown,
      whenSynced: async () => undefined,
      acquireLeases: async (keys) =>
        keys.map((key) => {
          const lease = leases.get(key);
          if (!isDown && lease && lease.holder !== holder && performance.now() < lease.untilMs) return false;
          leases.set(key, { holder, untilMs: performance.now() + leaseMs, ended: [] });
          return true;
        }),
      releaseLease: (key) => release(key, holder),
      async whenLeaseEnds(key) {
        const lease = leases.get(key);
        if (isDown || !lease) return;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(() => release(key), Math.max(0, lease.untilMs - performance.now()));
          lease.ended.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
      },
      reserveCall: async (family, reservation) => {
        if (isDown) return null;
        const result = countersAfter(counters.get(family) ?? new Map(), reservation);
        counters.set(family, new Map(Object.entries(result.counters)));
        return result;
      },
      async reserveRate(limit, windowMs) {
        if (isDown) return 0;
        const nowMs = performance.now();
        rates = rates.filter((atMs) => atMs > nowMs - windowMs);
        if (rates.length >= limit) return (rates.at(-limit) as number) + windowMs - nowMs;
        rates.push(nowMs);
        return 0;
      },
      async close() {
        for (const listener of own) listeners.delete(listener);
      },
    };
  }

  return {
    connect,
    counters,
    topics,
    flush() {
      for (const data of [entries, topics, counters, leases]) data.clear();
      rates = [];
    },
    setDown(value) {
      isDown = value;
    },
  };
}
