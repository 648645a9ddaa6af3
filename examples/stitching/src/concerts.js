import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { createSchema } from 'graphql-yoga';

/** A service that stores only Spotify's ids of artists. */

const { allStitchingDirectivesTypeDefs, stitchingDirectivesValidator } = stitchingDirectives();

const typeDefs = `
  ${allStitchingDirectivesTypeDefs}

  type Query {
    concerts: [Concert!]!
    "The artists of these ids, as this service knows them."
    headliners(ids: [ID!]!): [Artist]! @merge(keyField: "id", keyArg: "ids")
    _sdl: String!
  }

  type Concert {
    city: String!
    headliner: Artist
  }

  type Artist {
    id: ID!
    concerts: [Concert!]!
  }
`;

/** @param concerts `{ city, headlinerId }`, where `headlinerId` is Spotify's id of an artist */
export function createConcerts(concerts) {
  return stitchingDirectivesValidator(
    createSchema({
      typeDefs,
      resolvers: {
        Query: {
          concerts: () => concerts,
          headliners: (_, { ids }) => ids.map((id) => ({ id })),
          _sdl: () => typeDefs,
        },
        Concert: { headliner: ({ headlinerId }) => ({ id: headlinerId }) },
        Artist: { concerts: ({ id }) => concerts.filter(({ headlinerId }) => headlinerId === id) },
      },
    }),
  );
}
