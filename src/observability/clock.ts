/** Milliseconds of the epoch, comparable between processes, by a clock that never jumps while the process runs. */
export const epochMs = (): number => performance.timeOrigin + performance.now();
