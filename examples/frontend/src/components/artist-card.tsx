import { Link } from 'react-router';
import { title } from '../format.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { Artwork } from './artwork.tsx';
import styles from './card.module.css';

export const ArtistCardArtist = graphql(`
  fragment ArtistCardArtist on Artist {
    id
    name
    images {
      ...ArtworkImage
    }
  }
`);

export function ArtistCard({ artist }: { artist: FragmentType<typeof ArtistCardArtist> }) {
  const { id, name, images } = readFragment(ArtistCardArtist, artist);
  return (
    <li>
      <Link to={`/artist/${id}`} className={styles.card}>
        <Artwork images={images} name={name} sizes="(max-width: 40rem) 45vw, 12rem" round />
        <span className={styles.name}>{title(name)}</span>
        <span className={styles.facts}>Artist</span>
      </Link>
    </li>
  );
}
