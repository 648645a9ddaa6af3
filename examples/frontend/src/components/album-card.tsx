import { Link } from 'react-router';
import { title, year } from '../format.ts';
import type { AlbumType } from '../generated/graphql.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { present } from '../present.ts';
import { Artwork } from './artwork.tsx';
import styles from './card.module.css';

export const AlbumCardAlbum = graphql(`
  fragment AlbumCardAlbum on Album {
    id
    name
    albumType
    totalTracks
    releaseDate {
      date
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
  /** Whether to say whose it is, which an artist's own page knows. */
  showArtists?: boolean;
}

export function AlbumCard({ album, showArtists = false }: AlbumCardProps) {
  const { id, name, albumType, releaseDate, images, artists } = readFragment(AlbumCardAlbum, album);
  const facts = [year(releaseDate?.date), showArtists ? namesOf(artists) : kindNames[albumType ?? 'OTHER']];

  return (
    <li>
      <Link to={`/album/${id}`} className={styles.card}>
        <Artwork images={images} name={name} sizes="(max-width: 40rem) 45vw, 12rem" />
        <span className={styles.name}>{title(name)}</span>
        <span className={styles.facts}>{facts.filter(Boolean).join(' · ')}</span>
      </Link>
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
