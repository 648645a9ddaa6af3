/**
 * A call with a limit is sent only if it was counted, and if the sum of the calls of all processes, with this one, was known
 * and within the limit after that.
 *
 * - The sum is known while the store responds and no recovery is active: the call is counted in one exchange with it.
 * - It is unknown during a recovery, because the store may have lost counters: the call is counted after the recovery. A
 *   call that was counted in the exchange that has noticed the loss is compared with the limit again after the recovery.
 * - Without a store, while it does not respond, or if it loses its data all the time, the sum of this process decides.
 *
 * A recovery starts when the store lacks a counter that it had, after an hour without a response of the store, in which such a
 * loss cannot be noticed, and at the start of the process.
 */

// After a loss every process writes its own counters within a second. Then the sum is known again.
const recoveryMs = 1_200;

export type Recovery = ReturnType<typeof createRecovery>;

/** The time after a loss of the store in which the sum of the calls is unknown. */
export function createRecovery() {
  let untilMs = 0;
  return {
    /** Starts it, or prolongs it. */
    start(): void {
      untilMs = performance.now() + recoveryMs;
    },
    isActive: () => performance.now() < untilMs,
    /** Resolves at the end that it has now: waiting for the end of every prolongation might last for ever. */
    async whenOver(): Promise<void> {
      const endMs = untilMs;
      while (performance.now() < endMs)
        await new Promise((resolve) => setTimeout(resolve, endMs - performance.now()));
    },
  };
}
