import type { ReactNode } from 'react';
import { title } from '../format.ts';
import type { FragmentType } from '../generated/index.ts';
import { Artwork, type ArtworkImage } from './artwork.tsx';
import styles from './page-heading.module.css';
import { SpotifyLink } from './spotify-link.tsx';

interface PageHeadingProps {
  kicker: string;
  name: string;
  images: readonly (FragmentType<typeof ArtworkImage> | null)[] | null;
  /** `externalUrl` of the object. */
  url: string | null;
  children?: ReactNode;
}

/** The picture and the name of a page's object. */
export function PageHeading({ kicker, name, images, url, children }: PageHeadingProps) {
  return (
    <header className={styles.heading}>
      <title>{`${title(name)} – Sleeve`}</title>
      <div className={styles.artwork}>
        <Artwork images={images} name={name} sizes="(max-width: 40rem) 40vw, 15rem" eager />
      </div>
      <div>
        <p className={styles.kicker}>{kicker}</p>
        <h1>{title(name)}</h1>
        {children && <div className={styles.facts}>{children}</div>}
        <p className={styles.spotify}>
          <SpotifyLink url={url} name={name} withText />
        </p>
      </div>
    </header>
  );
}

/**
 * Reserves the place of a heading that is loading. The number of its lines is unknown until then, so a page hides the
 * content below it, which would move down.
 */
export function PendingHeading() {
  return (
    <div className={styles.heading} role="status" data-complete={false}>
      <h1 className="visually-hidden">Loading</h1>
      <div className={`${styles.artwork} ${styles.pending}`} />
      <div>
        <p className={styles.kicker}>&nbsp;</p>
        <p className={`${styles.pendingName} ${styles.pending}`} />
      </div>
    </div>
  );
}
