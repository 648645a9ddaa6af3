import { Link } from 'react-router';
import { title, year } from '../format.ts';
import type { AlbumType } from '../generated/graphql.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { present } from '../present.ts';
import { Artwork } from './artwork.tsx';
import styles from './card.module.css';
import { SpotifyLink } from './spotify-link.tsx';

export const AlbumCardAlbum = graphql(`
  fragment AlbumCardAlbum on Album {
    id
    name
    externalUrl
    albumType
    totalTracks
    releaseDate {
      date
      precision
    }
    images {
      ...ArtworkImage
    }
    artists {
      id
      name
    }
  }
`);

interface AlbumCardProps {
  album: FragmentType<typeof AlbumCardAlbum>;
  /** Whether the card names the artists, which the page of an artist does in its heading. */
  showArtists?: boolean;
}

export function AlbumCard({ album, showArtists = false }: AlbumCardProps) {
  const { id, name, externalUrl, albumType, releaseDate, images, artists } = readFragment(
    AlbumCardAlbum,
    album,
  );
  const facts = [year(releaseDate?.date), showArtists ? namesOf(artists) : kindNames[albumType ?? 'OTHER']];

  return (
    <li className={styles.item}>
      <Link to={`/album/${id}`} className={styles.card}>
        <Artwork images={images} name={name} sizes="(max-width: 40rem) 45vw, 12rem" />
        <span className={styles.name}>{title(name)}</span>
        <span className={styles.facts}>{facts.filter(Boolean).join(' · ')}</span>
      </Link>
      <span className={styles.spotify}>
        <SpotifyLink url={externalUrl} name={name} />
      </span>
    </li>
  );
}

const namesOf = (artists: readonly ({ name: string } | null)[] | null): string =>
  present(artists)
    .map(({ name }) => name)
    .join(', ');

export const kindNames: Record<AlbumType, string> = {
  ALBUM: 'Album',
  SINGLE: 'Single',
  COMPILATION: 'Compilation',
  OTHER: 'Release',
};
