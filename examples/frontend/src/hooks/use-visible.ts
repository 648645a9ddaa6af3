import { type RefObject, useEffect, useEffectEvent } from 'react';

// Two rows of covers: far enough ahead that somebody who scrolls steadily does not see the end.
const ahead = '600px';
// The key End jumps over an element without showing it.
const behind = '100000px';

/**
 * Calls `onVisible` when the reader comes near the element or past it, and for every new `key` once more if it is there.
 * @param key how far the list is read, which may leave the element near
 */
export function useVisible(ref: RefObject<Element | null>, key: unknown, onVisible: () => void): void {
  const visible = useEffectEvent(onVisible);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new key is a new reason to look
  useEffect(() => {
    if (!ref.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        // A busy browser hands over several at once: where the element was, and where it is.
        if (entries.some(({ isIntersecting }) => isIntersecting)) visible();
      },
      { rootMargin: `${behind} 0px ${ahead}` },
    );
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [ref, key]);
}
