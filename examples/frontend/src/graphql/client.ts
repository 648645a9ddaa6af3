import { persistedExchange } from '@urql/exchange-persisted';
import { Client, fetchExchange } from 'urql';
import { createCache } from './cache.ts';
import type { CostCounter } from './cost.ts';

/**
 * While the page is developed its documents go as text, so that they can change. The built page names them by
 * their hashes, and with GET, so that a browser or a CDN can hold the answers.
 * @param cost counts the Spotify calls of the page; null if they are not shown
 */
export function createGraphQLClient(cost: CostCounter | null): Client {
  const trusted = import.meta.env.PROD ? [trustedDocuments()] : [];
  return new Client({
    url: '/graphql',
    // GET is for the documents that the gateway knows; whatever goes as text goes with POST.
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

/** What codegen has written into the document, and into the manifest that the gateway was started with. */
function hashOf(document: object): string {
  const { __meta__: meta } = document as { __meta__?: { hash?: string } };
  if (!meta?.hash) throw new Error('Every document comes from graphql() in src/generated.');
  return meta.hash;
}
