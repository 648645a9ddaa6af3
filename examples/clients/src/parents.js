import { ApolloGateway, IntrospectAndCompose } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { getComposedSchemaFromConfig, loadGraphQLHTTPSubgraph } from '@graphql-mesh/compose-cli';
import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import mercuriusGateway from '@mercuriusjs/gateway';
import Fastify from 'fastify';
import { execute, parse } from 'graphql';

/**
 * Parents of the gateway. Each takes the URL of every subgraph by its name, and returns a function that runs a query and one
 * that closes the parent.
 */

const quiet = { debug() {}, info() {}, warn() {}, error() {}, log() {}, child: () => quiet };
const subgraphsOf = (urls) => Object.entries(urls).map(([name, url]) => ({ name, url }));

/**
 * Apollo Server with Apollo Gateway, which composes the supergraph when it starts.
 * @param options of Apollo Server
 */
export async function apolloGateway(urls, options = {}) {
  const supergraphSdl = new IntrospectAndCompose({ subgraphs: subgraphsOf(urls) });
  const server = new ApolloServer({
    gateway: new ApolloGateway({ supergraphSdl, logger: quiet }),
    logger: quiet,
    ...options,
  });
  await server.start();
  return {
    async run(query) {
      const { body } = await server.executeOperation({ query });
      return body.singleResult;
    },
    close: () => server.stop(),
  };
}

/** The supergraph of Mesh. */
const composeWithMesh = (urls) =>
  getComposedSchemaFromConfig(
    {
      subgraphs: subgraphsOf(urls).map(({ name, url }) => ({
        sourceHandler: loadGraphQLHTTPSubgraph(name, { endpoint: url, federation: true }),
      })),
    },
    quiet,
  );

/**
 * Mesh composes the supergraph, and Hive Gateway serves it.
 * @param options of Hive Gateway
 */
export async function mesh(urls, options = {}) {
  const supergraph = await composeWithMesh(urls);
  const runtime = createGatewayRuntime({ supergraph, logging: false, ...options });
  return {
    async run(query) {
      const response = await runtime.fetch('http://localhost/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      return response.json();
    },
    close: () => runtime.dispose(),
  };
}

/** GraphQL Tools makes a schema of a supergraph, for any GraphQL server. */
export async function graphqlToolsFederation(urls) {
  const schema = getStitchedSchemaFromSupergraphSdl({
    supergraphSdl: await composeWithMesh(urls),
    batch: true,
  });
  return { run: async (query) => execute({ schema, document: parse(query), contextValue: {} }), close() {} };
}

/** Mercurius, a plugin of Fastify. */
export async function mercurius(urls) {
  const app = Fastify();
  app.register(mercuriusGateway, { gateway: { services: subgraphsOf(urls) } });
  await app.ready();
  return {
    async run(query) {
      const response = await app.inject({ method: 'POST', url: '/graphql', payload: { query } });
      return response.json();
    },
    close: () => app.close(),
  };
}
