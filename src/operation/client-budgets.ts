import { createLru } from '../lru.ts';

const share = 0.05; // of all time: only twenty clients that send invalid requests without a pause would use up all of it
const burstMs = 300; // more than the typing errors of a person take, and less than other clients notice
const maxClients = 10_000; // some 2 MB; a client that is evicted has its whole budget again

interface Budget {
  leftMs: number;
  atMs: number;
}

/**
 * The time that the rejected requests of each client may take. One client cannot use up the time of the others. Valid
 * requests are never charged.
 */
export function createClientBudgets() {
  // Only clients that made a mistake are here.
  const budgets = createLru<Budget>(maxClients);

  function leftNow(clientKey: string): number {
    const budget = budgets.get(clientKey);
    if (!budget) return burstMs;
    return Math.min(burstMs, budget.leftMs + (performance.now() - budget.atMs) * share);
  }

  return {
    /** Whether the client has time left for requests that may turn out to be mistakes. */
    hasTime: (clientKey: string) => leftNow(clientKey) > 0,
    /** Charges a client with the milliseconds that the rejection of its request took. */
    charge(clientKey: string, milliseconds: number): void {
      const leftMs = leftNow(clientKey) - milliseconds;
      budgets.set(clientKey, { leftMs, atMs: performance.now() });
    },
  };
}
