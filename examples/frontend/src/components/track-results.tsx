import { Link } from 'react-router';
import { clock, title } from '../format.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { present } from '../present.ts';
import { Artwork } from './artwork.tsx';
import { SpotifyLink } from './spotify-link.tsx';
import { ArtistLinks, ExplicitSign } from './track-list.tsx';
import styles from './track-results.module.css';

export const TrackResultsTrack = graphql(`
  fragment TrackResultsTrack on Track {
    id
    name
    externalUrl
    durationMs
    explicit
    artists {
      id
      name
    }
    album {
      id
      name
      images {
        ...ArtworkImage
      }
    }
  }
`);

/** Tracks of several albums, each with the picture of its album. */
export function TrackResults({ tracks }: { tracks: readonly FragmentType<typeof TrackResultsTrack>[] }) {
  return (
    <ul className={styles.tracks} aria-label="Tracks">
      {readFragment(TrackResultsTrack, tracks).map(
        ({ id, name, externalUrl, durationMs, explicit, artists, album }) => (
          <li key={id} className={styles.track}>
            <Artwork images={album?.images ?? null} name={album?.name ?? name} sizes="3.5rem" />
            <span className={styles.title}>
              <Link to={`/track/${id}`} className={styles.name} data-testid="track-name">
                {title(name)}
              </Link>
              <span className={styles.facts}>
                {explicit && <ExplicitSign />}
                <ArtistLinks artists={present(artists)} />
              </span>
            </span>
            <SpotifyLink url={externalUrl} name={name} />
            <span className={styles.duration}>{durationMs !== null && clock(durationMs)}</span>
          </li>
        ),
      )}
    </ul>
  );
}
