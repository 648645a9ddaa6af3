import { useParams } from 'react-router';
import { useQuery } from 'urql';
import { Description } from '../components/description.tsx';
import { LoadMore } from '../components/load-more.tsx';
import { Failure, Notice } from '../components/notice.tsx';
import { PageHeading, PendingHeading } from '../components/page-heading.tsx';
import { PlaylistCardPlaylist } from '../components/playlist-card.tsx';
import { PlaylistRow } from '../components/playlist-row.tsx';
import { RowList } from '../components/row-list.tsx';
import { count } from '../format.ts';
import { graphql, readFragment } from '../generated/index.ts';
import { useLoadMore } from '../graphql/use-load-more.ts';
import { MissingPage } from './missing-page.tsx';

// A playlist contains its first 100 items, so that Spotify sends both with one call.
const playlistQuery = graphql(`
  query Playlist($id: ID!, $after: String) {
    playlist(id: $id) {
      id
      description
      ...PlaylistCardPlaylist
      items(first: 50, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          cursor
          node {
            ...PlaylistRowItem
          }
        }
      }
    }
  }
`);

const windowSize = 50;

export function PlaylistPage() {
  const { id = '' } = useParams();
  return <PlaylistById key={id} id={id} />;
}

function PlaylistById({ id }: { id: string }) {
  const variables = { id };
  const [{ data, error, fetching }, repeat] = useQuery({ query: playlistQuery, variables });
  const playlist = data?.playlist;
  const connection = playlist?.items;
  const more = useLoadMore(playlistQuery, variables, connection?.pageInfo);
  const retry = () => repeat({ requestPolicy: 'network-only' });
  const heading = readFragment(PlaylistCardPlaylist, playlist);

  if (error && !playlist) return <Failure isPage error={error} isRetrying={fetching} retry={retry} />;
  if (!playlist || !heading) return fetching ? <PendingHeading /> : <MissingPage />;
  const { name, images, externalUrl, owner } = heading;
  const edges = connection?.edges ?? [];
  const isComplete = connection != null && more.after === null;
  const left = Math.max(1, (connection?.totalCount ?? windowSize) - edges.length);
  return (
    <>
      <PageHeading kicker="Playlist" name={name} images={images} url={externalUrl}>
        {owner && (
          <p>by {owner.externalUrl ? <a href={owner.externalUrl}>{nameOf(owner)}</a> : nameOf(owner)}</p>
        )}
        {connection?.totalCount != null && <p>{count(connection.totalCount, 'item')}</p>}
      </PageHeading>
      <Description text={playlist.description} />
      <section aria-labelledby="items" data-complete={isComplete}>
        <h2 id="items" className="visually-hidden">
          Items
        </h2>
        {!connection && error && <Failure error={error} isRetrying={fetching} retry={retry} />}
        {!connection && !error && (
          <Notice title="The contents are not available">
            <p>Spotify withholds the contents of this playlist from this app.</p>
          </Notice>
        )}
        {isComplete && edges.length === 0 && (
          <Notice title="No items">
            <p>This playlist is empty.</p>
          </Notice>
        )}
        {connection && (
          <RowList
            label="Items"
            pending={more.after !== null && !more.error ? Math.min(left, windowSize) : 0}
            more={more}
          >
            {edges.map(({ cursor, node }) => node && <PlaylistRow key={cursor} item={node} />)}
          </RowList>
        )}
        <LoadMore more={more} noun="items" />
      </section>
    </>
  );
}

const nameOf = ({ id, displayName }: { id: string; displayName: string | null }): string => displayName ?? id;
