import { Link } from 'react-router';
import { title } from '../format.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { Artwork } from './artwork.tsx';
import styles from './card.module.css';
import { SpotifyLink } from './spotify-link.tsx';

export const ShowCardShow = graphql(`
  fragment ShowCardShow on Show {
    id
    name
    externalUrl
    images {
      ...ArtworkImage
    }
  }
`);

export function ShowCard({ show }: { show: FragmentType<typeof ShowCardShow> }) {
  const { id, name, externalUrl, images } = readFragment(ShowCardShow, show);
  return (
    <li className={styles.item}>
      <Link to={`/show/${id}`} className={styles.card}>
        <Artwork images={images} name={name} sizes="(max-width: 40rem) 45vw, 12rem" />
        <span className={styles.name}>{title(name)}</span>
        <span className={styles.facts}>Show</span>
      </Link>
      <span className={styles.spotify}>
        <SpotifyLink url={externalUrl} name={name} />
      </span>
    </li>
  );
}
