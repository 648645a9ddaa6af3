import { onTestFinished, vi } from 'vitest';

/**
 * Until the end of the test each rejected document costs 2 ms of processor time (1 ms for parsing, 1 ms for the rejection),
 * and the clock stands still, so that the budgets of clients do not refill. Real times would make tests depend on the load
 * of the machine, and one garbage collection takes more time than the budget of a client.
 */
export function fixRejectionCost(): void {
  vi.useFakeTimers({ toFake: ['performance'] });
  const cpuUsage = vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 1_000, system: 0 });
  onTestFinished(() => {
    cpuUsage.mockRestore();
    vi.useRealTimers();
  });
}
