import { onTestFinished, vi } from 'vitest';

/**
 * Until the end of the test each rejected document costs 2 ms of the processor, one when it is read and one when it is not
 * run, and no time passes in which clients get more of it. On a busy machine they would get it as fast as they use it up; and one garbage collection in the process of
 * the tests costs more than a client has.
 */
export function fixRejectionCost(): void {
  vi.useFakeTimers({ toFake: ['performance'] });
  const cpuUsage = vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 1_000, system: 0 });
  onTestFinished(() => {
    cpuUsage.mockRestore();
    vi.useRealTimers();
  });
}
