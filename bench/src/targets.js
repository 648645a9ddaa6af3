import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequestOf } from '../peers/hive/dialect.js';
import { translate } from '../peers/hive/translate.js';

/** The targets are the measured servers. Each is started as its operator would, all with the same flags of Node. */

const fileAt = (path) => fileURLToPath(new URL(path, import.meta.url));
const flags = ['--max-old-space-size=256', '--max-semi-space-size=16', '--import', fileAt('./probe.js')];

/** A `limit` shows the highest possible rate of its kind. A `dialect` translates the requests for a server with another
 * schema, and its responses to ours. A server does not support the operations that it `lacks`. */
const all = {
  ours: { title: 'ours', file: '../../dist/server.js', kind: 'ours' },
  floor: { title: 'floor', file: '../limits/floor.js', kind: 'floor' },
  full: { title: 'floor, full pages', file: '../limits/floor.js', words: ['--full-pages'], kind: 'floor' },
  h2: {
    title: 'floor, HTTP/2',
    file: '../limits/floor.js',
    words: ['--h2=1'],
    kind: 'floor',
    isOnlyFar: true, // without TLS there is no HTTP/2
  },
  apollo: { title: 'Apollo Server', file: '../peers/apollo.js', kind: 'peer' },
  mercurius: { title: 'Mercurius', file: '../peers/mercurius.js', kind: 'peer' },
  hive: {
    title: 'Hive Gateway',
    file: '../peers/hive/server.js',
    kind: 'peer',
    dialect: { createRequestOf, translate },
    lacks: ['Q6', 'Q7'], // its document has no shows and no playlists
  },
  pothos: { title: 'Yoga and Pothos', file: '../peers/pothos.js', kind: 'peer' },
  constant: { title: 'constant Yoga', file: '../limits/constant-yoga.js', kind: 'limit' },
  ready: { title: 'ready bytes', file: '../limits/ready-bytes.js', kind: 'limit' },
};

export const targets = Object.fromEntries(
  Object.entries(all).map(([name, { file, words = [], ...rest }]) => [
    name,
    { name, ...rest, args: [...flags, fileAt(file), ...words] },
  ]),
);

export const supports = ({ lacks = [] }, name) => !lacks.includes(name);

/** Adds other builds of the gateway: `name=path/to/dist/server.js`. The name `ours` replaces the default build. */
export const withBuilds = (builds) => ({
  ...targets,
  ...Object.fromEntries(
    builds.map((build) => {
      const [name, file] = build.split('=');
      return [name, { name, title: name, kind: 'ours', args: [...flags, resolve(file)] }];
    }),
  ),
});

/** The environment variables of every server. The gateway logs no line for each operation, because no peer does. */
export const environment = (upstream, mode, extra = {}) => ({
  PORT: '0',
  DATA_DIR: 'none',
  NODE_ENV: 'production',
  LOG_LEVEL: 'warn',
  SPOTIFY_API_URL: `${upstream.origin}/v1`,
  SPOTIFY_TOKEN_URL: `${upstream.tokenOrigin ?? upstream.origin}/api/token`,
  ...(upstream.caFile && { NODE_EXTRA_CA_CERTS: upstream.caFile }),
  SPOTIFY_CLIENT_ID: 'bench',
  SPOTIFY_CLIENT_SECRET: 'bench',
  SPOTIFY_QUOTA_MODE: mode,
  UPSTREAM_CONCURRENCY: '24',
  // A busy machine may make a run slow, but must not make it fail.
  REQUEST_TIMEOUT_MS: '60000',
  UPSTREAM_TIMEOUT_MS: '30000',
  ...extra,
});
