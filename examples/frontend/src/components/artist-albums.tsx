import { useQuery } from 'urql';
import { graphql } from '../generated/index.ts';
import { useLoadMore } from '../graphql/use-load-more.ts';
import { present } from '../present.ts';
import { AlbumCard } from './album-card.tsx';
import styles from './artist-albums.module.css';
import { CardGrid } from './card-grid.tsx';
import { type Group, GroupTabs, groupsIn } from './group-tabs.tsx';
import { LoadMore } from './load-more.tsx';
import { Failure, Notice } from './notice.tsx';

const artistAlbumsQuery = graphql(`
  query ArtistAlbums($id: ID!, $groups: [AlbumGroup!], $after: String) {
    artist(id: $id) {
      id
      albums(includeGroups: $groups, first: 20, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            id
            ...AlbumCardAlbum
          }
        }
      }
    }
  }
`);

const windowSize = 20;

/** All albums of one group as a grid, which loads more as the user scrolls. */
export function ArtistAlbums({ id, group }: { id: string; group: Group }) {
  const variables = { id, groups: groupsIn(group) };
  const [{ data, error, fetching }, repeat] = useQuery({ query: artistAlbumsQuery, variables });
  const connection = data?.artist?.albums;
  const more = useLoadMore(artistAlbumsQuery, variables, connection?.pageInfo);
  const retry = () => repeat({ requestPolicy: 'network-only' });
  const albums = present(connection?.edges.map(({ node }) => node));
  const isComing = connection ? more.after !== null && !more.error : fetching && !error;
  const isComplete = connection ? more.after === null : false; // after an error the connection is null
  const left = Math.max(1, (connection?.totalCount ?? windowSize) - albums.length);

  return (
    <section aria-labelledby="albums" data-complete={isComplete}>
      <div className={styles.bar}>
        <h2 id="albums">Albums</h2>
        <p role="status">{typeof connection?.totalCount === 'number' && `${connection.totalCount} in all`}</p>
        <GroupTabs current={group} />
      </div>
      {error && !connection && <Failure error={error} isRetrying={fetching} retry={retry} />}
      {isComplete && albums.length === 0 && (
        <Notice title="None of these">
          <p>Spotify lists nothing here for this artist.</p>
        </Notice>
      )}
      <CardGrid label="Albums" pending={isComing ? Math.min(left, windowSize) : 0} more={more}>
        {albums.map((album) => (
          <AlbumCard key={album.id} album={album} />
        ))}
      </CardGrid>
      <LoadMore more={more} noun="albums" />
    </section>
  );
}
