import { createSchema } from 'graphql-yoga';

/** A subgraph of our own that knows nothing of music but Spotify's ids. */

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

// `extend` is for Mercurius, which knows the first version of Federation only; the second one accepts it.
const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external"])
  ${typesOf('extend type Query', 'extend type Artist @key(fields: "id")').replace('id: ID!', 'id: ID! @external')}
`;

/** What every subgraph has for its router. */
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
