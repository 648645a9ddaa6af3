import { Link } from 'react-router';
import { title } from '../format.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { Artwork } from './artwork.tsx';
import styles from './card.module.css';
import { SpotifyLink } from './spotify-link.tsx';

export const PlaylistCardPlaylist = graphql(`
  fragment PlaylistCardPlaylist on Playlist {
    id
    name
    externalUrl
    images {
      ...ArtworkImage
    }
    owner {
      id
      displayName
      externalUrl
    }
  }
`);

export function PlaylistCard({ playlist }: { playlist: FragmentType<typeof PlaylistCardPlaylist> }) {
  const { id, name, externalUrl, images, owner } = readFragment(PlaylistCardPlaylist, playlist);
  return (
    <li className={styles.item}>
      <Link to={`/playlist/${id}`} className={styles.card}>
        <Artwork images={images} name={name} sizes="(max-width: 40rem) 45vw, 12rem" />
        <span className={styles.name}>{title(name)}</span>
        <span className={styles.facts}>{owner?.displayName ?? 'Playlist'}</span>
      </Link>
      <span className={styles.spotify}>
        <SpotifyLink url={externalUrl} name={name} />
      </span>
    </li>
  );
}
