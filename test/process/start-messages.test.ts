import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import type { SpotifyReport } from '../../src/datasources/spotify/index.ts';
import { listenError, startMessage } from '../../src/process/start-messages.ts';
import type { Environment } from '../support/process.ts';

const credentials = { SPOTIFY_CLIENT_ID: '0123456789abcdef', SPOTIFY_CLIENT_SECRET: 'canary-3f9c1' };
const address = { address: '127.0.0.1', family: 'IPv4', port: 4000 };
const report = (fields: Partial<SpotifyReport> = {}): SpotifyReport => ({
  families: [],
  quota: [],
  tokenAgeMs: null,
  capabilities: {},
  isDevelopmentMode: false,
  isStoreAvailable: true,
  isPremiumLapsed: false,
  ...fields,
});
const unlimited = {
  limit: null,
  limitSource: 'NONE',
  remaining: null,
  isUsedUp: false,
  resetAtMs: null,
  backOffReason: null,
  backOffUntilMs: null,
} as const;
const quota = [
  { ...unlimited, family: 'artists/albums', used: 61, limit: 100, limitSource: 'CONFIGURED', remaining: 37 },
  { ...unlimited, family: 'albums', used: 9 },
] as const;
const urls = [
  'GraphiQL on http://localhost:4000/graphql (open it in a browser)',
  'GraphQL on http://localhost:4000/graphql',
];

test.each<[name: string, environment: Environment, spotifyReport: SpotifyReport | null, lines: string[]]>([
  [
    'a new process that learns the mode of its app',
    credentials,
    report(),
    [
      'Spotify: app 012345…, no default market, quota mode not known yet',
      'Data on disk in .data: 0 calls in the last 24 h',
      ...urls,
    ],
  ],
  [
    'a process that has found its data on disk',
    { ...credentials, SPOTIFY_MARKET: 'DE', DATA_DIR: '/data' },
    report({ quota: [...quota], capabilities: { 'artists/albums': 10 }, isDevelopmentMode: true }),
    [
      'Spotify: app 012345…, market DE, development mode',
      'Data on disk in /data: 70 calls in the last 24 h; left: artists/albums 37 of 100',
      ...urls,
    ],
  ],
  [
    'a process that has sent one call',
    credentials,
    report({ quota: [{ ...unlimited, family: 'albums', used: 1 }] }),
    [
      'Spotify: app 012345…, no default market, quota mode not known yet',
      'Data on disk in .data: 1 call in the last 24 h',
      ...urls,
    ],
  ],
  [
    'a process with Redis, a configured mode and without GraphiQL',
    { ...credentials, REDIS_URL: 'redis://localhost', SPOTIFY_QUOTA_MODE: 'extended', GRAPHIQL: 'false' },
    report(),
    [
      'Spotify: app 012345…, no default market, extended mode',
      'Data in Redis: 0 calls in the last 24 h',
      'GraphQL on http://localhost:4000/graphql',
    ],
  ],
  [
    'a process whose Redis does not respond',
    { ...credentials, REDIS_URL: 'redis://localhost', GRAPHIQL: 'false' },
    report({ isStoreAvailable: false }),
    [
      'Spotify: app 012345…, no default market, quota mode not known yet',
      'Data in memory until Redis can be used: 0 calls in the last 24 h',
      'GraphQL on http://localhost:4000/graphql',
    ],
  ],
  [
    'a process that cannot write to its data directory',
    { ...credentials, DATA_DIR: '/data', GRAPHIQL: 'false' },
    report({ isStoreAvailable: false }),
    [
      'Spotify: app 012345…, no default market, quota mode not known yet',
      'Data in memory, because /data cannot be used: 0 calls in the last 24 h',
      'GraphQL on http://localhost:4000/graphql',
    ],
  ],
  [
    'the primary of several processes, which reads no data',
    { ...credentials, WEB_CONCURRENCY: '2' },
    null,
    ['Spotify: app 012345…, no default market', ...urls],
  ],
  [
    'the primary of several processes with a configured mode',
    { ...credentials, WEB_CONCURRENCY: '2', SPOTIFY_QUOTA_MODE: 'extended' },
    null,
    ['Spotify: app 012345…, no default market, extended mode', ...urls],
  ],
])(
  'the start message states the app, the data if the process reads any, and the URLs: %s',
  (_, environment, spotifyReport, lines) => {
    const message = startMessage(readConfig(environment), address, null, spotifyReport);
    expect(message.split('\n')).toEqual(lines);
  },
);

test('the start message without credentials begins with the sandbox and ends with the URLs', () => {
  const lines = startMessage(readConfig({}), address, { ...address, port: 9464 }, null).split('\n');
  expect(lines[0]).toMatch(/^SANDBOX: /);
  expect(lines.slice(-3)).toEqual(['Metrics on http://localhost:9464/metrics', ...urls]);
});

test.each([
  [
    'EADDRINUSE',
    'PORT',
    4000,
    'Port 4000 is in use by another process. Choose another one, such as PORT=4001.',
  ],
  [
    'EADDRINUSE',
    'METRICS_PORT',
    65_535,
    'Port 65535 is in use by another process. Choose another one, such as METRICS_PORT=0.',
  ],
  ['EACCES', 'PORT', 80, 'PORT must be a port that this user may use, not 80.'],
  ['EADDRNOTAVAIL', 'PORT', 4000, 'HOST must be an address of this machine, but is "192.0.2.1".'],
])('a server that cannot listen because of %s on %s %i is explained', (code, variable, port, message) => {
  expect(listenError(code, variable, port, '192.0.2.1')).toBe(message);
});

test('a server that cannot listen for another reason, such as EMFILE, is not explained, so that its error shows', () => {
  expect(listenError('EMFILE', 'PORT', 4000, '192.0.2.1')).toBeNull();
});
