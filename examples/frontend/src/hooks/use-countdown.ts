import { useEffect, useEffectEvent, useState } from 'react';

const secondMs = 1_000;

/**
 * Counts whole seconds down, and then calls `onEnd` once.
 * @param seconds null for no countdown
 * @param start another object restarts the countdown
 */
export function useCountdown(seconds: number | null, start: object, onEnd: () => void): number | null {
  const [left, setLeft] = useState(seconds);
  const end = useEffectEvent(onEnd);

  // biome-ignore lint/correctness/useExhaustiveDependencies: two waits in a row may be equally long
  useEffect(() => {
    setLeft(seconds);
    if (seconds === null) return;
    // Reads the clock, because timers stop while the tab is hidden or the machine sleeps.
    const endsAtMs = Date.now() + seconds * secondMs;
    const timer = setInterval(() => {
      const now = Math.max(0, Math.ceil((endsAtMs - Date.now()) / secondMs));
      setLeft(now);
      if (now > 0) return;
      clearInterval(timer);
      end();
    }, secondMs / 4);
    return () => clearInterval(timer);
  }, [seconds, start]);

  return left;
}
