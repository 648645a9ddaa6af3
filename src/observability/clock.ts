/** Milliseconds of the epoch, comparable between processes, by a clock that never jumps while the process runs. */
export const epochMs = (): number => performance.timeOrigin + performance.now();

/** A time in milliseconds of the epoch as ISO 8601 text. */
export const isoTime = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString();

/**
 * Starts a stopwatch of processor time, which a busy machine does not increase.
 * @returns reads the milliseconds since the start
 */
export function startStopwatch(): () => number {
  try {
    const start = process.cpuUsage();
    return () => {
      const { user, system } = process.cpuUsage(start); // in microseconds
      return (user + system) / 1000;
    };
  } catch {
    const startMs = performance.now(); // Cloudflare Workers does not measure processor time
    return () => performance.now() - startMs;
  }
}
