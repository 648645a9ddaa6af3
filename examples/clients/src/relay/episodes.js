import { graphql } from 'relay-runtime';

export const episodesQuery = graphql`
  query episodesQuery($id: ID!, $first: Int!) {
    ...episodes_show @arguments(id: $id, first: $first)
  }
`;

// `node` may not find a show by its bare id, so the fragment that reads further pages is one of `Query`.
export const episodesOfShow = graphql`
  fragment episodes_show on Query
  @refetchable(queryName: "episodesPageQuery")
  @argumentDefinitions(id: { type: "ID!" }, first: { type: "Int" }, after: { type: "String" }) {
    show(id: $id) {
      name
      episodes(first: $first, after: $after) @connection(key: "episodes_episodes") {
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
