/** Milliseconds of the epoch that two processes can compare, by a clock that is not set while we run. */
export const epochMs = (): number => performance.timeOrigin + performance.now();
