import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequestOf } from '../peers/hive/dialect.js';
import { translate } from '../peers/hive/translate.js';

/** Who is measured, each started as its operator would, with the same flags of Node for all. */

const fileAt = (path) => fileURLToPath(new URL(path, import.meta.url));
const flags = ['--max-old-space-size=256', '--max-semi-space-size=16', '--import', fileAt('./probe.js')];

/** `data` has answers of its own from the upstream; a `limit` shows what cannot be beaten.
 * A `dialect` asks the same in the words of another graph, and puts the answers into ours. It `lacks` operations. */
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

export const contestants = Object.fromEntries(
  Object.entries(all).map(([name, { file, words = [], ...rest }]) => [
    name,
    { name, ...rest, args: [...flags, fileAt(file), ...words] },
  ]),
);

export const canAnswer = ({ lacks = [] }, name) => !lacks.includes(name);

/** The same with other builds of ours: `name=path/to/dist/server.js`, where the name `ours` replaces the usual one. */
export const withBuilds = (builds) => ({
  ...contestants,
  ...Object.fromEntries(
    builds.map((build) => {
      const [name, file] = build.split('=');
      return [name, { name, title: name, kind: 'ours', args: [...flags, resolve(file)] }];
    }),
  ),
});

/** What every server gets, whoever it is. Ours is told to log no line for each operation, as no peer does. */
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
  // A busy machine makes a run slow, and must not make it fail.
  REQUEST_TIMEOUT_MS: '60000',
  UPSTREAM_TIMEOUT_MS: '30000',
  ...extra,
});
