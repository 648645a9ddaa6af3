import { rmSync } from 'node:fs';
import { openStore } from '../../src/datasources/spotify/node.ts';
import type { MessageListener } from '../../src/datasources/spotify/shared-state/messages.ts';
import type {
  CallReservation,
  SharedStore,
} from '../../src/datasources/spotify/shared-state/shared-store.ts';
import { hasRedis, startRedis } from './redis.ts';
import { silentLog } from './silent-log.ts';
import { temporaryFolder } from './temporary-files.ts';
import { onTestEnd } from './test-end.ts';

/** A Redis or a directory in which the stores of several processes share their data. */
export interface SharedBackend {
  /**
   * The store of one more process.
   * @param app default: the same app for all
   * @param listener subscribed before the stored messages arrive
   */
  connect(app?: string, listener?: MessageListener): Promise<SharedStore>;
  /** Loses all data while the stores use it. */
  lose(): Promise<void>;
}

interface Implementation {
  name: string;
  isMissing: boolean;
  start(): Promise<SharedBackend>;
}

/** One call of the process `name`, its `count`th in the bucket. */
export const reservationOf = (
  name: string,
  count = 1,
  limit: number | null = null,
  bucket = 100,
): CallReservation => ({
  calls: 1,
  counters: { [`${bucket}:${name}`]: count },
  ownCounter: `${bucket}:${name}`,
  oldestBucket: bucket - 290,
  currentBucket: bucket,
  limit,
});

type Place = { redisUrl: string | null; dataDir: string | null };

async function connect(options: Place, app = 'app', listener: MessageListener = () => undefined) {
  const store = openStore(options, app, silentLog) as SharedStore;
  onTestEnd(() => store.close());
  store.subscribe(listener);
  await store.whenSynced();
  return store;
}

export const storeImplementations: Implementation[] = [
  {
    name: 'Redis',
    isMissing: !hasRedis(),
    async start() {
      const redis = await startRedis();
      return {
        connect: (...args) => connect({ redisUrl: redis.url, dataDir: null }, ...args),
        lose: async () => void (await redis.client.flushall()),
      };
    },
  },
  {
    name: 'disk',
    isMissing: false,
    async start() {
      const dataDir = temporaryFolder();
      return {
        connect: (...args) => connect({ redisUrl: null, dataDir }, ...args),
        async lose() {
          rmSync(dataDir, { recursive: true });
        },
      };
    },
  },
];
