import { targets as servers } from '../targets.js';

/** The servers of the simulation and their settings. */

const oldTtlSeconds = '300';
const endless = 'artists/albums=1000000,albums/tracks=1000000,search=1000000';

/** `environment` is a function of the data directory and of Spotify's limits. */
export const dayTargets = {
  ours: {
    title: 'ours',
    server: servers.ours,
    environment: ({ dataDir }) => ({ DATA_DIR: dataDir }),
  },
  configured: {
    title: 'ours, limits configured',
    server: servers.ours,
    environment: ({ dataDir, limits }) => ({
      DATA_DIR: dataDir,
      SPOTIFY_DAILY_LIMITS: Object.entries(limits)
        .map(([family, calls]) => `${family}=${calls}`)
        .join(','),
    }),
  },
  old: {
    title: 'ours, 5 minutes for everything',
    server: servers.ours,
    // Limits that are never reached disable the functions that depend on limits, and processes share nothing.
    environment: () => ({
      DATA_DIR: 'none',
      CACHE_TTL_SECONDS: oldTtlSeconds,
      SPOTIFY_DAILY_LIMITS: endless,
    }),
  },
  apollo: {
    title: 'Apollo Server, 5 minutes',
    server: servers.apollo,
    environment: () => ({ CACHE_TTL_SECONDS: oldTtlSeconds }),
  },
  'apollo-same': {
    title: 'Apollo Server, the freshness of ours',
    server: servers.apollo,
    environment: () => ({ CACHE_TTL_SECONDS: 'by-kind' }),
  },
  pothos: {
    title: 'Yoga and Pothos, no cache',
    server: servers.pothos,
    environment: () => ({}),
    mostProcesses: 1, // without a cache, the number of processes makes no difference
  },
};
