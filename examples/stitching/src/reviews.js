import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { createSchema } from 'graphql-yoga';

/** A service that adds a field to the gateway's albums. */

const { allStitchingDirectivesTypeDefs, stitchingDirectivesValidator } = stitchingDirectives();

const typeDefs = `
  ${allStitchingDirectivesTypeDefs}

  type Query {
    reviews: [Review!]!
    "The albums of these ids, as this service knows them."
    reviewedAlbums(ids: [ID!]!): [Album]! @merge(keyField: "id", keyArg: "ids")
    _sdl: String!
  }

  type Review {
    text: String!
    album: Album
  }

  type Album {
    id: ID!
    reviews: [Review!]!
  }
`;

/** @param reviews `{ text, albumId }`, where `albumId` is Spotify's id of an album */
export function createReviews(reviews) {
  return stitchingDirectivesValidator(
    createSchema({
      typeDefs,
      resolvers: {
        Query: {
          reviews: () => reviews,
          reviewedAlbums: (_, { ids }) => ids.map((id) => ({ id })),
          _sdl: () => typeDefs,
        },
        Review: { album: ({ albumId }) => ({ id: albumId }) },
        Album: { reviews: ({ id }) => reviews.filter(({ albumId }) => albumId === id) },
      },
    }),
  );
}
