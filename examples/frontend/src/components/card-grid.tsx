import { Children, type ReactNode, useRef } from 'react';
import type { LoadMore } from '../graphql/use-load-more.ts';
import { useVisible } from '../hooks/use-visible.ts';
import styles from './card.module.css';

interface CardGridProps {
  /** The name of the list for screen readers. */
  label: string;
  children?: ReactNode;
  /** Cards that are not loaded yet: their places are reserved, so that nothing moves. */
  pending?: number;
  /** Loads them as the user scrolls. */
  more?: LoadMore;
}

export function CardGrid({ label, children, pending = 0, more }: CardGridProps) {
  const firstPending = useRef<HTMLLIElement>(null);
  const shown = Children.count(children);
  // A place has its position in the whole list as its key: the card that is loaded takes it.
  const places = Array.from({ length: pending }, (_, ahead) => shown + ahead);
  useVisible(firstPending, more?.after, () => more?.next());

  return (
    <ul className={styles.grid} aria-label={label}>
      {children}
      {places.map((place) => (
        <li
          key={place}
          ref={place === shown ? firstPending : null}
          className={styles.pending}
          aria-hidden="true"
        >
          <span className={styles.pendingArtwork} />
          <span className={styles.pendingLine} />
          <span className={styles.pendingLine} />
        </li>
      ))}
    </ul>
  );
}
