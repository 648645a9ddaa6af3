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

/** `relayStylePagination` alone turns a list that is null into an empty one with a further page and without a cursor. */
function pagesInApollo(keyArgs) {
  const policy = relayStylePagination(keyArgs);
  return {
    ...policy,
    merge: (existing, incoming, options) =>
      incoming ? policy.merge(existing, incoming, options) : (existing ?? null),
  };
}

const typesWithoutId = [
  ...['Author', 'Copyright', 'ExternalIds', 'Followers', 'Image', 'Narrator', 'PlaylistItem'],
  ...['QuotaFamily', 'ReleaseDate', 'Restrictions', 'SearchResults'],
];

const forTypesWithoutId = (setting) => Object.fromEntries(typesWithoutId.map((type) => [type, setting]));

export const typePolicies = {
  // Otherwise a query that selects other fields of such an object removes the fields of earlier queries.
  ...forTypesWithoutId({ merge: true }),
  // Lists with other arguments are other lists.
  Artist: { fields: { albums: pagesInApollo(['includeGroups', 'market']) } },
  Album: { fields: { tracks: pagesInApollo(['market']) } },
  Playlist: { fields: { items: pagesInApollo(['market']) } },
  SearchResults: { merge: true, fields: { artists: pagesInApollo(), albums: pagesInApollo() } },
};

export const apolloClient = (url) =>
  new ApolloClient({
    link: new HttpLink({ uri: url }),
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
  });

/** Each object of a type without an `id` is stored in the object that has it. */
export const keys = forTypesWithoutId(() => null);

/**
 * `relayPagination` alone finds neither a list that is null nor one that was read without `first` and `last`, and the data of
 * the whole query is then null.
 */
function pagesInUrql(options) {
  const paginate = relayPagination(options);
  return (parent, args, cache, info) =>
    paginate(parent, args, cache, info) ??
    cache.resolve(info.parentKey, info.fieldName, Object.keys(args).length > 0 ? args : null);
}

/** @param mergeMode whether pages that were read with `before` stand behind those with `after`, or before all others */
export const urqlClient = (url, mergeMode = 'inwards') =>
  new Client({
    url,
    preferGetMethod: false, // in production, GET is for trusted documents
    exchanges: [
      cacheExchange({
        keys,
        possibleTypes,
        resolvers: {
          Artist: { albums: pagesInUrql({ mergeMode }) },
          Album: { tracks: pagesInUrql({ mergeMode }) },
          Playlist: { items: pagesInUrql({ mergeMode }) },
          SearchResults: { artists: pagesInUrql({ mergeMode }), albums: pagesInUrql({ mergeMode }) },
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
