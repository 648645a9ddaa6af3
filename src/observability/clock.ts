/** Milliseconds of the epoch, comparable between processes, by a clock that never jumps while the process runs. */
export const epochMs = (): number => performance.timeOrigin + performance.now();

/** A time in milliseconds of the epoch as ISO 8601 text. */
export const isoTime = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString();
