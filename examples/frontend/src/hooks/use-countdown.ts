import { useEffect, useEffectEvent, useState } from 'react';

const secondMs = 1_000;

export interface Countdown {
  secondsLeft: number;
  endsAtMs: number;
}

/**
 * Counts whole seconds down, and then calls `onEnd` once.
 * @param seconds null for no countdown
 * @param start another object restarts the countdown
 */
export function useCountdown(seconds: number | null, start: object, onEnd: () => void): Countdown | null {
  const [secondsLeft, setSecondsLeft] = useState(seconds);
  // Reads the clock, because timers stop while the tab is hidden or the machine sleeps.
  const [endsAtMs, setEndsAtMs] = useState(() => endOf(seconds));
  const end = useEffectEvent(onEnd);

  // biome-ignore lint/correctness/useExhaustiveDependencies: two waits in a row may be equally long
  useEffect(() => {
    setSecondsLeft(seconds);
    if (seconds === null) return;
    const endMs = endOf(seconds);
    setEndsAtMs(endMs);
    const timer = setInterval(() => {
      const now = Math.max(0, Math.ceil((endMs - Date.now()) / secondMs));
      setSecondsLeft(now);
      if (now > 0) return;
      clearInterval(timer);
      end();
    }, secondMs / 4);
    return () => clearInterval(timer);
  }, [seconds, start]);

  return secondsLeft === null ? null : { secondsLeft, endsAtMs };
}

const endOf = (seconds: number | null): number => Date.now() + (seconds ?? 0) * secondMs;
