import { type RefObject, useEffect, useEffectEvent } from 'react';

// Two rows of covers: so far ahead that a user who scrolls steadily does not reach the end.
const ahead = '600px';
// The key End jumps over an element without showing it.
const behind = '100000px';

/**
 * Calls `onVisible` when the reader comes near the element or past it, and for every new `key` once more if it is there.
 * @param key the loaded part of the list, after which the element may still be visible
 */
export function useVisible(ref: RefObject<Element | null>, key: unknown, onVisible: () => void): void {
  const visible = useEffectEvent(onVisible);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new key is a new reason to look
  useEffect(() => {
    if (!ref.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        // A busy browser may report several positions of the element at once.
        if (entries.some(({ isIntersecting }) => isIntersecting)) visible();
      },
      { rootMargin: `${behind} 0px ${ahead}` },
    );
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [ref, key]);
}
