import { Children, type ReactNode, useRef } from 'react';
import type { LoadMore } from '../graphql/use-load-more.ts';
import { useVisible } from '../hooks/use-visible.ts';
import styles from './card.module.css';

interface CardGridProps {
  /** What the list holds, for those who cannot see it. */
  label: string;
  children?: ReactNode;
  /** Cards that are still to come: their places are held open, so that nothing moves when they do. */
  pending?: number;
  /** How they come, where they come as one scrolls. */
  more?: LoadMore;
}

export function CardGrid({ label, children, pending = 0, more }: CardGridProps) {
  const firstPending = useRef<HTMLLIElement>(null);
  const shown = Children.count(children);
  // Named by where they are in the whole list: a place is taken by what comes, and does not move down.
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
