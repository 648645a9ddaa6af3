import { Link, useSearchParams } from 'react-router';
import { useQuery } from 'urql';
import { AlbumCard } from '../components/album-card.tsx';
import { ArtistCard } from '../components/artist-card.tsx';
import { Artwork } from '../components/artwork.tsx';
import { CardGrid } from '../components/card-grid.tsx';
import { Failure, Notice } from '../components/notice.tsx';
import { PlaylistCard } from '../components/playlist-card.tsx';
import { ShowCard } from '../components/show-card.tsx';
import { TrackResults } from '../components/track-results.tsx';
import { graphql } from '../generated/index.ts';
import { present } from '../present.ts';
import { isLink, LinkPage } from './link-page.tsx';
import styles from './search-page.module.css';

// Pages of one size, so that Spotify finds all kinds with one call.
const searchQuery = graphql(`
  query Search($q: String!) {
    search(q: $q, type: [ARTIST, ALBUM, TRACK, SHOW, PLAYLIST]) {
      artists(first: 10) {
        nodes {
          id
          ...ArtistCardArtist
        }
      }
      albums(first: 10) {
        nodes {
          id
          ...AlbumCardAlbum
        }
      }
      tracks(first: 10) {
        nodes {
          id
          ...TrackResultsTrack
        }
      }
      shows(first: 10) {
        nodes {
          id
          ...ShowCardShow
        }
      }
      playlists(first: 10) {
        nodes {
          id
          ...PlaylistCardPlaylist
        }
      }
    }
  }
`);

export function SearchPage() {
  const [parameters] = useSearchParams();
  const q = parameters.get('q')?.trim();
  if (!q) return <Welcome />;
  return isLink(q) ? <LinkPage key={q} link={q} /> : <Results key={q} q={q} />;
}

function Welcome() {
  return (
    <div className={styles.welcome}>
      <title>Sleeve</title>
      <h1>Every record an artist has made, on one page.</h1>
      <p>
        Search for an artist, an album, a track, a show or a playlist, paste a link from Spotify, or begin
        with <Link to="/?q=BTS">BTS</Link>.
      </p>
      <div className={styles.sleeves} aria-hidden="true">
        {sleeves.map((name) => (
          <Artwork key={name} images={null} name={name} sizes="" />
        ))}
      </div>
    </div>
  );
}

function Results({ q }: { q: string }) {
  const [{ data, error, fetching }, repeat] = useQuery({ query: searchQuery, variables: { q } });
  const retry = () => repeat({ requestPolicy: 'network-only' });
  const artists = present(data?.search?.artists?.nodes);
  const albums = present(data?.search?.albums?.nodes);
  const tracks = present(data?.search?.tracks?.nodes);
  const shows = present(data?.search?.shows?.nodes);
  const playlists = present(data?.search?.playlists?.nodes);
  const found = [artists, albums, tracks, shows, playlists].some(({ length }) => length > 0);
  const isPending = fetching && !error;

  return (
    <>
      <title>{`${q} – Sleeve`}</title>
      <h1 className="visually-hidden">Results for {q}</h1>
      {error && <Failure error={error} hasLink={!found} isRetrying={fetching} retry={retry} />}
      {!fetching && !error && !found && (
        <Notice title={`Nothing is called “${q}”`}>
          <p>Fewer words find more, and so does another spelling.</p>
        </Notice>
      )}
      {(isPending || artists.length > 0) && (
        <section className={styles.section} data-complete={!isPending}>
          <h2>Artists</h2>
          <CardGrid label="Artists" pending={isPending ? placesHeld : 0}>
            {artists.map((artist) => (
              <ArtistCard key={artist.id} artist={artist} />
            ))}
          </CardGrid>
        </section>
      )}
      {albums.length > 0 && (
        <section className={styles.section}>
          <h2>Albums</h2>
          <CardGrid label="Albums">
            {albums.map((album) => (
              <AlbumCard key={album.id} album={album} showArtists />
            ))}
          </CardGrid>
        </section>
      )}
      {tracks.length > 0 && (
        <section className={styles.section}>
          <h2>Tracks</h2>
          <TrackResults tracks={tracks} />
        </section>
      )}
      {shows.length > 0 && (
        <section className={styles.section}>
          <h2>Shows</h2>
          <CardGrid label="Shows">
            {shows.map((show) => (
              <ShowCard key={show.id} show={show} />
            ))}
          </CardGrid>
        </section>
      )}
      {playlists.length > 0 && (
        <section className={styles.section}>
          <h2>Playlists</h2>
          <CardGrid label="Playlists">
            {playlists.map((playlist) => (
              <PlaylistCard key={playlist.id} playlist={playlist} />
            ))}
          </CardGrid>
        </section>
      )}
    </>
  );
}

// Only for artists, because the position of the albums depends on the number of artists.
const placesHeld = 10;

// Picked for their colours.
const sleeves = ['Sunday', 'Letters', 'Echo', 'Early', 'Violets', 'Even'];
