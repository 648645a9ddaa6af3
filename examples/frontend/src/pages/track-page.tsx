import { Link, useParams } from 'react-router';
import { useQuery } from 'urql';
import { Details } from '../components/details.tsx';
import { Failure } from '../components/notice.tsx';
import { PageHeading, PendingHeading } from '../components/page-heading.tsx';
import { ArtistLinks } from '../components/track-list.tsx';
import { clock, releaseDate, title } from '../format.ts';
import { graphql } from '../generated/index.ts';
import { present } from '../present.ts';
import { MissingPage } from './missing-page.tsx';

const trackQuery = graphql(`
  query Track($id: ID!) {
    track(id: $id) {
      id
      name
      externalUrl
      discNumber
      trackNumber
      durationMs
      externalIds {
        isrc
      }
      artists {
        id
        name
      }
      album {
        id
        name
        releaseDate {
          date
          precision
        }
        images {
          ...ArtworkImage
        }
      }
    }
  }
`);

export function TrackPage() {
  const { id = '' } = useParams();
  return <TrackById key={id} id={id} />;
}

function TrackById({ id }: { id: string }) {
  const [{ data, error, fetching }, repeat] = useQuery({ query: trackQuery, variables: { id } });
  const retry = () => repeat({ requestPolicy: 'network-only' });
  const track = data?.track;

  if (error && !track) return <Failure isPage error={error} isRetrying={fetching} retry={retry} />;
  if (!track) return fetching ? <PendingHeading /> : <MissingPage />;
  const { name, externalUrl, discNumber, trackNumber, durationMs, externalIds, artists, album } = track;
  return (
    <>
      <PageHeading kicker="Track" name={name} images={album?.images ?? null} url={externalUrl}>
        <p>
          <ArtistLinks artists={present(artists)} />
        </p>
      </PageHeading>
      <Details
        facts={{
          Album: album && <Link to={`/album/${album.id}`}>{title(album.name)}</Link>,
          Released: releaseDate(album?.releaseDate ?? null),
          Track: trackNumber && (discNumber ?? 1) > 1 ? `${trackNumber} on disc ${discNumber}` : trackNumber,
          Length: durationMs && clock(durationMs),
          ISRC: externalIds?.isrc,
        }}
      />
    </>
  );
}
