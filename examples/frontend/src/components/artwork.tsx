import { type CSSProperties, useState } from 'react';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { present } from '../present.ts';
import styles from './artwork.module.css';

export const ArtworkImage = graphql(`
  fragment ArtworkImage on Image {
    url
    width
  }
`);

interface ArtworkProps {
  images: readonly (FragmentType<typeof ArtworkImage> | null)[] | null;
  /** Name of the object. A picture that is missing is replaced by a drawing that depends on the name. */
  name: string;
  /** The width, as the `sizes` of an image. */
  sizes: string;
  /** Whether it is visible at once; others are loaded lazily. */
  eager?: boolean;
}

/**
 * A picture in a square whose place is reserved before the picture is loaded. The picture is not cropped or covered,
 * because Spotify's design guidelines forbid both.
 */
export function Artwork({ images, name, sizes, eager = false }: ArtworkProps) {
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading');
  const source = sourceOf(readFragment(ArtworkImage, present(images)));

  return (
    <span
      className={styles.artwork}
      data-shown={state === 'shown'}
      style={{ '--hue': hueOf(name) } as CSSProperties}
    >
      <span className={styles.initial} aria-hidden="true">
        {initialOf(name)}
      </span>
      {source && state !== 'failed' && (
        <img
          {...source}
          sizes={sizes}
          // The name stands beside it.
          alt=""
          width={640}
          height={640}
          loading={eager ? 'eager' : 'lazy'}
          decoding="async"
          data-shown={state === 'shown'}
          onLoad={() => setState('shown')}
          onError={() => setState('failed')}
        />
      )}
    </span>
  );
}

/** Spotify lists the widest picture first, and omits some widths. */
function sourceOf(images: readonly { url: string | null; width: number | null }[]) {
  const withUrl = images.flatMap(({ url, width }) => (url === null ? [] : [{ url, width }]));
  const [widest] = withUrl;
  if (!widest) return null;
  const withWidth = withUrl.filter(({ width }) => width !== null);
  return {
    src: widest.url,
    srcSet: withWidth.map(({ url, width }) => `${url} ${width}w`).join(', ') || undefined,
  };
}

const initialOf = (name: string): string => /[\p{L}\p{N}]/u.exec(name)?.[0].toUpperCase() ?? '♪';

const fullCircle = 360;

/** The same name has the same colour on every page. */
function hueOf(name: string): number {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 9_973;
  return hash % fullCircle;
}
