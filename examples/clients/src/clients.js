import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import relay from 'relay-runtime';

/** The normalising caches, each with the lines that it needs for the gateway. */

/** The implementations of the interface and of the unions, for fragments on them. */
export const possibleTypes = {
  Node: ['Artist', 'Album', 'Track', 'Show', 'Episode', 'Audiobook', 'Chapter', 'Playlist'],
  TrackOrEpisode: ['Track', 'Episode'],
};

export const apolloClient = (url) =>
  new ApolloClient({
    link: new HttpLink({ uri: url }),
    cache: new InMemoryCache({
      possibleTypes,
      typePolicies: {
        // Lists with other arguments are other lists.
        Artist: { fields: { albums: relayStylePagination(['includeGroups', 'market']) } },
        Album: { fields: { tracks: relayStylePagination(['market']) } },
      },
    }),
  });

const withoutId = () => null;

const typesWithoutId = [
  ...['Author', 'Copyright', 'ExternalIds', 'Followers', 'Image', 'Narrator', 'PlaylistItem'],
  ...['QuotaFamily', 'ReleaseDate', 'Restrictions', 'SearchResults'],
];

/** Each object of a type without an `id` is stored in the object that has it. */
export const keys = Object.fromEntries(typesWithoutId.map((type) => [type, withoutId]));

/** @param mergeMode whether pages that were read with `before` stand behind those with `after`, or before all others */
export const urqlClient = (url, mergeMode = 'inwards') =>
  new Client({
    url,
    preferGetMethod: false, // in production, GET is for trusted documents
    exchanges: [
      cacheExchange({
        keys,
        resolvers: {
          Artist: { albums: relayPagination({ mergeMode }) },
          Album: { tracks: relayPagination({ mergeMode }) },
        },
      }),
      fetchExchange,
    ],
  });

/** Relay needs no configuration: it finds objects by `id` and lists by `@connection`. */
export const relayEnvironment = (url) =>
  new relay.Environment({
    network: relay.Network.create(async ({ text }, variables) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: text, variables }),
      });
      return response.json();
    }),
    store: new relay.Store(new relay.RecordSource()),
  });
