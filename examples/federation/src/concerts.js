import { createSchema } from 'graphql-yoga';

/** A subgraph that stores only Spotify's ids of artists and albums. */

const typeDefs = `
  type Query {
    concerts: [Concert!]!
  }

  type Concert {
    city: String!
    headliner: Artist
    "The album that is presented."
    album: Album
  }

  type Artist @key(fields: "id") {
    id: ID!
    concerts: [Concert!]!
  }

  type Album @key(fields: "id") {
    id: ID!
    concerts: [Concert!]!
  }
`;

const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  ${typeDefs}
`;

/** The fields that a router needs in every subgraph. */
const forRouters = `
  directive @key(fields: String!) on OBJECT
  scalar _Any
  union _Entity = Artist | Album
  type _Service { sdl: String! }
  extend type Query {
    _service: _Service!
    _entities(representations: [_Any!]!): [_Entity]!
  }
`;

/** @param concerts `{ city, headlinerId, albumId }`, with Spotify's ids of an artist and of an album */
export const createConcerts = (concerts) =>
  createSchema({
    typeDefs: [typeDefs, forRouters],
    resolvers: {
      Query: {
        concerts: () => concerts,
        _service: () => ({ sdl }),
        _entities: (_, { representations }) => representations,
      },
      Concert: {
        headliner: ({ headlinerId }) => ({ id: headlinerId }),
        album: ({ albumId }) => ({ id: albumId }),
      },
      Artist: { concerts: ({ id }) => concerts.filter(({ headlinerId }) => headlinerId === id) },
      Album: { concerts: ({ id }) => concerts.filter(({ albumId }) => albumId === id) },
      _Entity: { __resolveType: ({ __typename }) => __typename },
    },
  });
