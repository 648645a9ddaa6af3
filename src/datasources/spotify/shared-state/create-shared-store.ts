import type { Log } from '../../../observability/log.ts';
import { createDiskStore } from './disk-store.ts';
import { createRedisStore } from './redis-store.ts';
import type { SharedStore } from './shared-store.ts';

export interface SharedStoreOptions {
  /** Shares the data between machines; takes precedence over `dataDir`. Null: no Redis. */
  redisUrl: string | null;
  /** Directory that keeps the data on disk, for the processes of this machine. Null: nothing on disk. */
  dataDir: string | null;
  /** Names the app to which the data belongs: Spotify sends different data to different apps. */
  app: string;
  log: Log;
}

/** The store that the options name; undefined if this process keeps its data in memory. */
export function createSharedStore(options: SharedStoreOptions): SharedStore | undefined {
  const { redisUrl, dataDir, app, log } = options;
  if (redisUrl !== null) return createRedisStore(redisUrl, app, log);
  return dataDir === null ? undefined : createDiskStore({ dataDir, app, log });
}
