/** Time that may be spent on something: a share of all time, and a little at once after a while without. */
export interface Allowance {
  isLeft(): boolean;
  take(ms: number): void;
}

/** @param burstMs most that is saved up */
export function createAllowance(share: number, burstMs: number): Allowance {
  let leftMs = burstMs;
  let atMs = performance.now();

  function update(): void {
    const nowMs = performance.now();
    leftMs = Math.min(burstMs, leftMs + (nowMs - atMs) * share);
    atMs = nowMs;
  }

  return {
    isLeft() {
      update();
      return leftMs > 0;
    },
    take(ms) {
      update();
      leftMs -= ms;
    },
  };
}
