import { Agent } from 'undici';
import type { Log } from '../../observability/log.ts';
import { appId, type SpotifyHost, type SpotifyOptions } from './options.ts';
import { canOpenDiskStore, createDiskStore } from './shared-state/disk-store.ts';
import { createRedisStore } from './shared-state/redis-store.ts';
import type { SharedStore } from './shared-state/shared-store.ts';
import type { BoundedFetch } from './transport/bounded-fetch.ts';
import { createBoundedFetch } from './transport/fetch.ts';

/** The parts of the datasource that need modules of Node: sockets, files and Redis. */
export const nodeHost = (options: SpotifyOptions): SpotifyHost => ({
  boundedFetch: createNodeFetch(options, options.concurrency),
  openStore: (app, log) => openStore(options, app, log),
});

/** @param connections maximum sockets to one host */
export function createNodeFetch(
  { fetch, proxy }: Pick<SpotifyOptions, 'fetch' | 'proxy'>,
  connections: number,
): BoundedFetch {
  // Bun puts an undici of its own in the place of the installed one. Its agents dispatch nothing.
  if (!fetch && 'dispatch' in Agent.prototype) return createBoundedFetch(connections, proxy);
  const opened = import('./transport/host-fetch.ts').then(({ createHostFetch }) => createHostFetch(fetch));
  return {
    fetch: async (url, init) => (await opened).fetch(url, init),
    close: async () => (await opened).close(),
  };
}

/** Whether the processes of this machine can share their data in a directory. */
export const canUseDataDir = (dataDir: string, clientId: string): boolean =>
  canOpenDiskStore(dataDir, appId(clientId));

/**
 * The store that the options name; undefined if this process keeps its data in memory.
 * @param app names the app to which the data belongs: Spotify sends different data to different apps
 */
export function openStore(
  { redisUrl, dataDir }: Pick<SpotifyOptions, 'redisUrl' | 'dataDir'>,
  app: string,
  log: Log,
): SharedStore | undefined {
  if (redisUrl !== null) return createRedisStore(redisUrl, app, log);
  return dataDir === null ? undefined : createDiskStore({ dataDir, app, log });
}
