import { useParams, useSearchParams } from 'react-router';
import { useQuery } from 'urql';
import { ArtistAlbums } from '../components/artist-albums.tsx';
import { readGroup } from '../components/group-tabs.tsx';
import { Failure } from '../components/notice.tsx';
import { PageHeading, PendingHeading } from '../components/page-heading.tsx';
import { graphql } from '../generated/index.ts';
import { MissingPage } from './missing-page.tsx';

const artistQuery = graphql(`
  query Artist($id: ID!) {
    artist(id: $id) {
      id
      name
      externalUrl
      images {
        ...ArtworkImage
      }
    }
  }
`);

export function ArtistPage() {
  const { id = '' } = useParams();
  return <ArtistById key={id} id={id} />;
}

function ArtistById({ id }: { id: string }) {
  const [{ data, error, fetching }, repeat] = useQuery({ query: artistQuery, variables: { id } });
  const [parameters] = useSearchParams();
  const group = readGroup(parameters.get('group'));
  const retry = () => repeat({ requestPolicy: 'network-only' });
  const artist = data?.artist;

  if (error && !artist) return <Failure isPage error={error} isRetrying={fetching} retry={retry} />;
  if (!artist && !fetching) return <MissingPage />;
  return (
    <>
      {artist ? (
        <PageHeading kicker="Artist" name={artist.name} images={artist.images} url={artist.externalUrl} />
      ) : (
        <PendingHeading />
      )}
      <div hidden={!artist}>
        <ArtistAlbums key={group} id={id} group={group} />
      </div>
    </>
  );
}
