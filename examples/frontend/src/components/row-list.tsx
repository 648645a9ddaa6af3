import { Children, type ReactNode, useRef } from 'react';
import { Link } from 'react-router';
import { clock, title } from '../format.ts';
import type { FragmentType } from '../generated/index.ts';
import type { LoadMore } from '../graphql/use-load-more.ts';
import { useVisible } from '../hooks/use-visible.ts';
import { Artwork, type ArtworkImage } from './artwork.tsx';
import styles from './row-list.module.css';
import { SpotifyLink } from './spotify-link.tsx';

interface RowListProps {
  /** The name of the list for screen readers. */
  label: string;
  children?: ReactNode;
  /** Rows that are not loaded yet: their places are reserved. */
  pending: number;
  /** Loads them as the user scrolls. */
  more: LoadMore;
}

/** A list with one row for each item. */
export function RowList({ label, children, pending, more }: RowListProps) {
  const firstPending = useRef<HTMLLIElement>(null);
  useVisible(firstPending, more.after, more.next);
  const shown = Children.count(children);
  // A place has its position in the whole list as its key: the row that is loaded takes it.
  const places = Array.from({ length: pending }, (_, ahead) => shown + ahead);

  return (
    <ol className={styles.rows} aria-label={label}>
      {children}
      {places.map((place) => (
        <li
          key={place}
          ref={place === shown ? firstPending : null}
          className={styles.pending}
          aria-hidden="true"
        >
          <span />
        </li>
      ))}
    </ol>
  );
}

interface RowProps {
  images: readonly (FragmentType<typeof ArtworkImage> | null)[] | null;
  /** Name of the object that the artwork shows. */
  artworkOf: string;
  name: string;
  /** The path of its page; left out if it has none. */
  to?: string;
  /** `externalUrl` of the object. */
  url: string | null;
  durationMs: number | null;
  /** The line below the name. */
  children: ReactNode;
}

export function Row({ images, artworkOf, name, to, url, durationMs, children }: RowProps) {
  return (
    <li className={styles.row}>
      <Artwork images={images} name={artworkOf} sizes="3rem" />
      <span className={styles.title}>
        {to ? (
          <Link to={to} className={styles.name}>
            {title(name)}
          </Link>
        ) : (
          <span className={styles.name}>{title(name)}</span>
        )}
        <span className={styles.facts}>{children}</span>
      </span>
      <SpotifyLink url={url} name={name} />
      <span className={styles.duration}>{durationMs !== null && clock(durationMs)}</span>
    </li>
  );
}

/** An item without a page on Spotify. */
export function AbsentRow({ name, children }: { name: string; children: ReactNode }) {
  return (
    <li className={styles.row}>
      <span className={styles.title}>
        <span className={`${styles.name} ${styles.absent}`}>{name}</span>
        <span className={styles.facts}>{children}</span>
      </span>
    </li>
  );
}
