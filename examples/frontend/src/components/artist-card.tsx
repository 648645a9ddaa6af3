import { Link } from 'react-router';
import { title } from '../format.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { Artwork } from './artwork.tsx';
import styles from './card.module.css';
import { SpotifyLink } from './spotify-link.tsx';

export const ArtistCardArtist = graphql(`
  fragment ArtistCardArtist on Artist {
    id
    name
    externalUrl
    images {
      ...ArtworkImage
    }
  }
`);

export function ArtistCard({ artist }: { artist: FragmentType<typeof ArtistCardArtist> }) {
  const { id, name, externalUrl, images } = readFragment(ArtistCardArtist, artist);
  return (
    <li className={styles.item}>
      <Link to={`/artist/${id}`} className={styles.card}>
        <Artwork images={images} name={name} sizes="(max-width: 40rem) 45vw, 12rem" />
        <span className={styles.name}>{title(name)}</span>
        <span className={styles.facts}>Artist</span>
      </Link>
      <span className={styles.spotify}>
        <SpotifyLink url={externalUrl} name={name} />
      </span>
    </li>
  );
}
