import { createSchema } from 'graphql-yoga';

/** A subgraph that stores only Spotify's ids of artists. */

const typesOf = (query, artist) => `
  ${query} {
    concerts: [Concert!]!
  }

  type Concert {
    city: String!
    headliner: Artist
  }

  ${artist} {
    id: ID!
    concerts: [Concert!]!
  }
`;

// `extend` is for Mercurius, which supports only the first version of Federation; the second version accepts it.
const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external"])
  ${typesOf('extend type Query', 'extend type Artist @key(fields: "id")').replace('id: ID!', 'id: ID! @external')}
`;

/** The fields that a router needs in every subgraph. */
const forRouters = `
  scalar _Any
  union _Entity = Artist
  type _Service { sdl: String! }
  extend type Query {
    _service: _Service!
    _entities(representations: [_Any!]!): [_Entity]!
  }
`;

/** @param concerts `{ city, headlinerId }`, with Spotify's id of an artist */
export const createConcerts = (concerts) =>
  createSchema({
    typeDefs: [typesOf('type Query', 'type Artist'), forRouters],
    resolvers: {
      Query: {
        concerts: () => concerts,
        _service: () => ({ sdl }),
        _entities: (_, { representations }) => representations,
      },
      Concert: { headliner: ({ headlinerId }) => ({ id: headlinerId }) },
      Artist: { concerts: ({ id }) => concerts.filter(({ headlinerId }) => headlinerId === id) },
      _Entity: { __resolveType: ({ __typename }) => __typename },
    },
  });
