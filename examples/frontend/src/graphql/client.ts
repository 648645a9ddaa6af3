import { persistedExchange } from '@urql/exchange-persisted';
import { Client, fetchExchange } from 'urql';
import { createCache } from './cache.ts';
import type { CostCounter } from './cost.ts';

/**
 * In development the page sends documents as text, because they change. The built page sends their hashes with GET, so
 * that a browser or a CDN can cache the responses.
 * @param cost counts the Spotify calls of the page; null if they are not shown
 */
export function createGraphQLClient(cost: CostCounter | null): Client {
  const trusted = import.meta.env.PROD ? [trustedDocuments()] : [];
  return new Client({
    url: '/graphql',
    // The gateway executes only trusted documents with GET, so text is sent with POST.
    preferGetMethod: false,
    exchanges: [createCache(), ...(cost ? [cost.exchange] : []), ...trusted, fetchExchange],
  });
}

const trustedDocuments = () =>
  persistedExchange({
    enforcePersistedQueries: true,
    preferGetForPersistedQueries: 'force',
    generateHash: async (_, document) => hashOf(document),
  });

/** The hash that codegen has written into the document and into the gateway's manifest. */
function hashOf(document: object): string {
  const { __meta__: meta } = document as { __meta__?: { hash?: string } };
  if (!meta?.hash) throw new Error('Every document comes from graphql() in src/generated.');
  return meta.hash;
}
