import { getOrCreate } from '../../../maps.ts';

export const leaseMs = 1_000; // a holder that was killed delays the others by no more
const renewEveryMs = 300; // twice late is still in time

/** The commands of a store. A result of null means that it does not respond. */
export interface LeaseCommands {
  acquire(keys: readonly string[]): Promise<boolean[] | null>;
  /** Renews leases, except those that another process has meanwhile. */
  renew(keys: readonly string[]): void;
  release(key: string): void;
  /** For each key: whether no process has a lease. */
  haveEnded(keys: readonly string[]): Promise<boolean[] | null>;
}

/**
 * Leases of this process, which are renewed until they are released, and waits for the leases of other processes.
 * @param checkEveryMs how often waits look for leases that have ended without a message
 */
export function createLeases(commands: LeaseCommands, checkEveryMs: number) {
  const acquireCounts = new Map<string, number>(); // how often each key was acquired and not released
  const waits = new Map<string, (() => void)[]>(); // by key, the functions that end them
  let checkTimer: NodeJS.Timeout | undefined;

  const renewTimer = setInterval(() => {
    if (acquireCounts.size > 0) commands.renew([...acquireCounts.keys()]);
  }, renewEveryMs).unref();

  /** Wakes the waiters of a lease that another process has released. */
  function end(key: string): void {
    for (const endWait of waits.get(key) ?? []) endWait();
    waits.delete(key);
  }

  async function check(keys: readonly string[]): Promise<void> {
    const ended = await commands.haveEnded(keys);
    for (const [i, key] of keys.entries()) if (ended?.[i] ?? true) end(key);
  }

  function checkAll(): void {
    if (waits.size > 0) {
      void check([...waits.keys()]);
    } else {
      clearInterval(checkTimer);
      checkTimer = undefined;
    }
  }

  return {
    async acquireLeases(keys: readonly string[]): Promise<boolean[]> {
      const missing = keys.filter((key) => !acquireCounts.has(key));
      const acquired = missing.length > 0 ? await commands.acquire(missing) : [];
      for (const [i, key] of missing.entries())
        if (acquired?.[i]) acquireCounts.set(key, acquireCounts.get(key) ?? 0);
      for (const key of keys)
        if (acquireCounts.has(key)) acquireCounts.set(key, (acquireCounts.get(key) ?? 0) + 1);
      return keys.map((key) => acquired === null || acquireCounts.has(key));
    },
    releaseLease(key: string): void {
      const count = acquireCounts.get(key) ?? 0;
      if (count > 1) acquireCounts.set(key, count - 1);
      else if (acquireCounts.delete(key)) commands.release(key);
    },
    async whenLeaseEnds(key: string): Promise<void> {
      const ended = new Promise<void>((endWait) => void getOrCreate(waits, key, () => []).push(endWait));
      checkTimer ??= setInterval(checkAll, checkEveryMs).unref();
      await check([key]); // the lease may have ended before this wait began
      await ended;
    },
    end,
    /** Releases all leases of this process and wakes all waiters. */
    close(): void {
      for (const key of acquireCounts.keys()) commands.release(key);
      acquireCounts.clear();
      for (const key of waits.keys()) end(key);
      clearInterval(renewTimer);
      clearInterval(checkTimer);
    },
  };
}
