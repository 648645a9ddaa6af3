import { graphql } from 'relay-runtime';

// relay-compiler reads this file before the tests, and fails if the gateway's schema does not fit it.
export const searchQuery = graphql`
  query searchQuery($q: String!, $first: Int) {
    ...search_artists @arguments(q: $q, first: $first)
  }
`;

// Search results are no `Node`, so the fragment that reads further pages is one of `Query`.
export const searchArtists = graphql`
  fragment search_artists on Query
  @refetchable(queryName: "searchPageQuery")
  @argumentDefinitions(q: { type: "String!" }, first: { type: "Int" }, after: { type: "String" }) {
    search(q: $q) {
      artists(first: $first, after: $after) @connection(key: "search_artists") {
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
