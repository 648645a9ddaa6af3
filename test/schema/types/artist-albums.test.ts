import { expect, test } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import type { AlbumsOfBtsQuery } from '../../generated/graphql.ts';
import { type GraphQLResult, withSandbox } from '../../support/gateway.ts';
import { artists, modes } from '../../support/schema-tests.ts';

const AlbumsOfBts = graphql(/* GraphQL */ `
  query AlbumsOfBts($after: String) {
    artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") {
      name
      albums(first: 20, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        edges {
          cursor
          albumGroup
          node {
            id name releaseDate { date precision } totalTracks images { url } artists { name }
          }
        }
      }
    }
  }
`);

test.each(modes)(
  'a walk by endCursor returns every album once and in order although the gateway has not learned that the app is in %s mode',
  async (quotaMode) => {
    const { execute, sandbox } = await withSandbox({}, { quotaMode });
    const ids: (string | undefined)[] = [];
    let after: string | null = null;
    for (let page = 0; page < 10; page++) {
      const { data, errors }: GraphQLResult<AlbumsOfBtsQuery> = await execute(AlbumsOfBts, { after });
      expect(errors).toEqual([]);
      expect(data.artist?.name).toBe('BTS');
      expect(data.artist?.albums?.totalCount).toBe(104);
      ids.push(...(data.artist?.albums?.edges.map(({ node }) => node?.id) ?? []));
      if (!data.artist?.albums?.pageInfo.hasNextPage) break;
      after = data.artist.albums.pageInfo.endCursor;
    }
    expect(ids).toEqual(
      sandbox.catalogue.albumsOf(artists.bts).map((slot) => slot.shows === 'album' && slot.albumId),
    );
  },
);
