import { describe, expect, test } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import type { AlbumsOfBtsQuery } from '../../generated/graphql.ts';
import { type GraphQLResult, withSandbox } from '../../support/gateway.ts';

const bts = '3Nrfpe0tUJi4K4DXYWgMUX';

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

describe.each(['development', 'extended'] as const)(
  'an artist with nested albums, for an app in %s mode',
  (mode) => {
    test('a walk by endCursor returns every album once and in order from a gateway that does not know the mode of the app', async () => {
      const { ask, sandbox } = await withSandbox({}, { quotaMode: mode });
      const ids: (string | undefined)[] = [];
      let after: string | null = null;
      for (let page = 0; page < 10; page++) {
        const { data, errors }: GraphQLResult<AlbumsOfBtsQuery> = await ask(AlbumsOfBts, { after });
        expect(errors).toEqual([]);
        expect(data.artist?.name).toBe('BTS');
        expect(data.artist?.albums?.totalCount).toBe(104);
        ids.push(...(data.artist?.albums?.edges.map(({ node }) => node?.id) ?? []));
        if (!data.artist?.albums?.pageInfo.hasNextPage) break;
        after = data.artist.albums.pageInfo.endCursor;
      }
      expect(ids).toEqual(
        sandbox.catalogue.albumsOf(bts).map((slot) => slot.shows === 'album' && slot.albumId),
      );
    });
  },
);
