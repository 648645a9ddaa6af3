import responseCachePlugin from '@apollo/server-plugin-response-cache';
import InMemoryLRUCache from '@graphql-mesh/cache-inmemory-lru';
import { apolloGateway, mesh } from './parents.js';

/** Parents that keep whole responses for as long as the gateway's `Cache-Control` allows. */

/** Apollo Gateway reads the header by default, and Apollo Server's plugin keeps the response. */
export const apolloServer = (urls) => apolloGateway(urls, { plugins: [responseCachePlugin()] });

/** Hive Gateway reads the header if `responseCaching` is set; all clients share one response. */
export const hiveGateway = (urls) =>
  mesh(urls, { cache: new InMemoryLRUCache(), responseCaching: { session: () => null } });
