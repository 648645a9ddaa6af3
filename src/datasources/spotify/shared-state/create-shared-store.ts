import type { Log } from '../../../observability/log.ts';
import { createRedisStore } from './redis-store.ts';
import type { SharedStore } from './shared-store.ts';

export interface SharedStoreOptions {
  /** Shares the data between machines; takes precedence over `dataDir`. Null: no Redis. */
  redisUrl: string | null;
  /** Directory that keeps the data on disk, for the processes of this machine. Null: nothing on disk. */
  dataDir: string | null;
  /** Names the app to which the data belongs: what one app is given, another may not be. */
  app: string;
  log: Log;
}

/** The store that the options name; undefined if this process keeps its data in memory. */
export function createSharedStore({ redisUrl, app, log }: SharedStoreOptions): SharedStore | undefined {
  return redisUrl === null ? undefined : createRedisStore(redisUrl, app, log);
}
