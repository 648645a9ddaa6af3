/** One timer for many waits: it calls back at the end of the shortest. */
export interface WakeTimer {
  /** @param waitMs infinite for never */
  wakeIn(waitMs: number): void;
  dispose(): void;
}

export function createWakeTimer(onWake: () => void): WakeTimer {
  let timer: NodeJS.Timeout | undefined;
  let wakeAtMs = Number.POSITIVE_INFINITY;

  return {
    wakeIn(waitMs) {
      const atMs = performance.now() + waitMs;
      if (atMs >= wakeAtMs) return;
      clearTimeout(timer);
      wakeAtMs = atMs;
      timer = setTimeout(() => {
        wakeAtMs = Number.POSITIVE_INFINITY;
        onWake();
      }, waitMs);
    },
    dispose: () => clearTimeout(timer),
  };
}
