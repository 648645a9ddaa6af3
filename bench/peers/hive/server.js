import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { apiUrl, authorization, port, say } from '../spotify.js';

/**
 * Hive Gateway over Spotify's OpenAPI document, composed by Mesh, without further code. It has no connections and no limits
 * of pages of its own, so its clients request pages as Spotify has them.
 */

const gateway = createGatewayRuntime({
  supergraph: readFileSync(new URL('./supergraph.graphql', import.meta.url), 'utf8'),
  transportEntries: {
    Spotify: { location: apiUrl, headers: [['authorization', await authorization()]] },
  },
  logging: false,
});

const server = createServer(gateway);
server.listen(port, '127.0.0.1', () => say(server.address().port));
