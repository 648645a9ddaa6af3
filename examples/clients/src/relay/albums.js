import { graphql } from 'relay-runtime';

// relay-compiler reads this file and writes __generated__/albumsQuery.graphql.js.
export const albumsQuery = graphql`
  query albumsQuery($id: ID!, $first: Int!, $after: String) {
    artist(id: $id) {
      id
      name
      albums(first: $first, after: $after) @connection(key: "albums_albums") {
        edges {
          node {
            id
            name
          }
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
`;
