import { Link } from 'react-router';
import { clock, title } from '../format.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import type { LoadMore } from '../graphql/use-load-more.ts';
import { present } from '../present.ts';
import { RowList } from './row-list.tsx';
import { SpotifyLink } from './spotify-link.tsx';
import styles from './track-list.module.css';

export const TrackListTrack = graphql(`
  fragment TrackListTrack on Track {
    id
    name
    externalUrl
    discNumber
    trackNumber
    durationMs
    explicit
    artists {
      id
      name
    }
  }
`);

interface TrackListProps {
  tracks: readonly FragmentType<typeof TrackListTrack>[];
  /** Tracks that are not loaded yet: their places are reserved. */
  pending: number;
  /** Loads them as the user scrolls. */
  more: LoadMore;
}

export function TrackList({ tracks, pending, more }: TrackListProps) {
  const rows = readFragment(TrackListTrack, tracks);
  const hasDiscs = rows.some(({ discNumber }) => (discNumber ?? 1) > 1);

  return (
    <RowList label="Tracks" pending={pending} more={more}>
      {rows.map((track, place) => (
        <li key={track.id}>
          {hasDiscs && track.discNumber !== rows[place - 1]?.discNumber && (
            <h3 className={styles.disc}>Disc {track.discNumber}</h3>
          )}
          <div className={styles.track}>
            <span className={styles.number}>{track.trackNumber}</span>
            <span className={styles.title}>
              <Link to={`/track/${track.id}`} className={styles.name} data-testid="track-name">
                {title(track.name)}
              </Link>
              <span className={styles.artists}>
                {track.explicit && <ExplicitSign />}
                <ArtistLinks artists={present(track.artists)} />
              </span>
            </span>
            <SpotifyLink url={track.externalUrl} name={track.name} />
            <span className={styles.duration}>{track.durationMs !== null && clock(track.durationMs)}</span>
          </div>
        </li>
      ))}
    </RowList>
  );
}

export const ExplicitSign = () => (
  <abbr className={styles.explicit} title="Explicit">
    E
  </abbr>
);

/** Names with commas between them. */
export function ArtistLinks({ artists }: { artists: readonly { id: string; name: string }[] }) {
  return artists.map(({ id, name }, place) => (
    <span key={id}>
      {place > 0 && ', '}
      <Link to={`/artist/${id}`}>{title(name)}</Link>
    </span>
  ));
}
