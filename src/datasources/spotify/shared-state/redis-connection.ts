class TimedOut extends Error {}

const slicesOfTimeout = 10; // each counts once, however late it ends

/**
 * The result of the promise. @throws Error after `ms` in which this process could have read it. The time is counted in
 * slices, because a process that is busy for longer than `ms` reads no response: that counts as one slice.
 */
export async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const wait = (slices: number) => {
      if (slices === 0) reject(new TimedOut('Redis is too slow'));
      else timer = setTimeout(() => wait(slices - 1), ms / slicesOfTimeout);
    };
    wait(slicesOfTimeout);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
