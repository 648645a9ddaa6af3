import { type RefObject, useEffect, useEffectEvent } from 'react';

// Two rows of covers: far enough ahead that somebody who scrolls steadily does not see the end.
const ahead = '600px';

/**
 * Calls `onVisible` when the element comes near the window, and for every new `key` once more if it is there.
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
      { rootMargin: ahead },
    );
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [ref, key]);
}
