import { useParams } from 'react-router';
import { useQuery } from 'urql';
import { AlbumCardAlbum, kindNames } from '../components/album-card.tsx';
import { AlbumTracks } from '../components/album-tracks.tsx';
import { Failure } from '../components/notice.tsx';
import { PageHeading, PendingHeading } from '../components/page-heading.tsx';
import { ArtistLinks } from '../components/track-list.tsx';
import { count, year } from '../format.ts';
import { graphql, readFragment } from '../generated/index.ts';
import { present } from '../present.ts';
import { MissingPage } from './missing-page.tsx';

// The fields of the card in the grid, and no more: after a click on a card the heading is in the cache.
const albumQuery = graphql(`
  query Album($id: ID!) {
    album(id: $id) {
      id
      ...AlbumCardAlbum
    }
  }
`);

export function AlbumPage() {
  const { id = '' } = useParams();
  return <AlbumById key={id} id={id} />;
}

function AlbumById({ id }: { id: string }) {
  const [{ data, error, fetching }, repeat] = useQuery({ query: albumQuery, variables: { id } });
  const retry = () => repeat({ requestPolicy: 'network-only' });
  const album = readFragment(AlbumCardAlbum, data?.album);

  if (error && !album) return <Failure isPage error={error} isRetrying={fetching} retry={retry} />;
  if (!album && !fetching) return <MissingPage />;
  return (
    <>
      {album ? (
        <PageHeading
          kicker={kindNames[album.albumType ?? 'OTHER']}
          name={album.name}
          images={album.images}
          url={album.externalUrl}
        >
          <p>
            <ArtistLinks artists={present(album.artists)} />
          </p>
          <p>
            {[year(album.releaseDate?.date), album.totalTracks && count(album.totalTracks, 'track')]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </PageHeading>
      ) : (
        <PendingHeading />
      )}
      <div hidden={!album}>
        <AlbumTracks id={id} expected={album?.totalTracks ?? null} />
      </div>
    </>
  );
}
