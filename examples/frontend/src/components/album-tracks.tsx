import { useQuery } from 'urql';
import { playingTime, releaseDate } from '../format.ts';
import type { CopyrightType } from '../generated/graphql.ts';
import { graphql } from '../generated/index.ts';
import { useLoadMore } from '../graphql/use-load-more.ts';
import { present } from '../present.ts';
import styles from './album-tracks.module.css';
import { Details } from './details.tsx';
import { LoadMore } from './load-more.tsx';
import { Failure, Notice } from './notice.tsx';
import { TrackList } from './track-list.tsx';

const albumTracksQuery = graphql(`
  query AlbumTracks($id: ID!, $after: String) {
    album(id: $id) {
      id
      totalTracks
      label
      releaseDate {
        date
        precision
      }
      copyrights {
        text
        type
      }
      tracks(first: 50, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            id
            durationMs
            ...TrackListTrack
          }
        }
      }
    }
  }
`);

const windowSize = 50;
const guessed = 10;

const signs: Record<CopyrightType, string> = { C: '©', P: '℗', OTHER: '' };
// Some copyright texts begin with the sign.
const ownSign = /^(©|℗|\([CP]\))\s*/i;

/** The tracks of an album, and beside or below them the facts that only the full album has. */
export function AlbumTracks({ id, expected }: { id: string; expected: number | null }) {
  const variables = { id };
  const [{ data, error, fetching }, repeat] = useQuery({ query: albumTracksQuery, variables });
  const connection = data?.album?.tracks;
  const more = useLoadMore(albumTracksQuery, variables, connection?.pageInfo);
  const retry = () => repeat({ requestPolicy: 'network-only' });
  const tracks = present(connection?.edges.map(({ node }) => node));
  const isComing = connection ? more.after !== null && !more.error : fetching && !error;
  const isComplete = connection !== undefined && more.after === null;
  const left = Math.max(1, (connection?.totalCount ?? expected ?? guessed) - tracks.length);

  return (
    <div className={styles.album}>
      <section aria-labelledby="tracks" data-complete={isComplete}>
        <h2 id="tracks" className="visually-hidden">
          Tracks
        </h2>
        {error && !connection && <Failure error={error} isRetrying={fetching} retry={retry} />}
        {isComplete && tracks.length === 0 && (
          <Notice title="No tracks">
            <p>Spotify lists none on this album.</p>
          </Notice>
        )}
        <TrackList tracks={tracks} pending={isComing ? Math.min(left, windowSize) : 0} more={more} />
        <LoadMore more={more} noun="tracks" />
      </section>
      {isComplete && (
        <aside aria-label="About this album">
          <Details
            facts={{
              Released: releaseDate(data?.album?.releaseDate ?? null),
              Tracks: data?.album?.totalTracks,
              'Total time': tracks.length > 0 ? playingTime(sumOf(tracks)) : null,
              Label: data?.album?.label,
            }}
          >
            {present(data?.album?.copyrights).map(({ text, type }) => (
              <p key={`${type} ${text}`}>
                {signs[type ?? 'OTHER']} {text?.replace(ownSign, '')}
              </p>
            ))}
          </Details>
        </aside>
      )}
    </div>
  );
}

const sumOf = (tracks: readonly { durationMs: number | null }[]): number =>
  tracks.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
