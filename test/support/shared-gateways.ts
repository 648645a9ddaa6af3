import { rmSync } from 'node:fs';
import { apiCalls, startGateway, type TestGateway } from './gateway.ts';
import { startRedis } from './redis.ts';
import { temporaryFolder } from './temporary-files.ts';
import { startUpstream } from './upstream.ts';

/** Gateways in this process that share a store: Redis or a directory. */

export const stores = ['Redis', 'DATA_DIR'] as const;
export type StoreKind = (typeof stores)[number];

/** Starts a sandbox and a store to which any number of gateways can connect. */
export async function startStore(kind: StoreKind, environment: Record<string, string> = {}) {
  const sandbox = await startUpstream({ quotaMode: 'development', latencyMs: 50 });
  const variables: Record<string, string> = { SPOTIFY_QUOTA_MODE: 'development', ...environment };
  let lose: () => Promise<void>;
  if (kind === 'Redis') {
    const redis = await startRedis();
    variables['REDIS_URL'] = redis.url;
    lose = async () => void (await redis.client.flushall());
  } else {
    const directory = temporaryFolder();
    variables['DATA_DIR'] = directory;
    lose = async () => rmSync(directory, { recursive: true });
  }
  const gateways: TestGateway[] = [];
  const start = async (): Promise<TestGateway> => {
    const gateway = startGateway(sandbox, variables);
    gateways.push(gateway);
    await gateway.gateway.connect(); // reads the data of the store
    await gateway.fetch('/ready'); // waits for the token
    return gateway;
  };
  const isSlow = () => gateways.some(({ logged }) => logged.some(({ level }) => level === 'warn'));
  return { sandbox, start, apiCalls: () => apiCalls(sandbox), lose, isSlow };
}

/** Repeats a trial with a new store if a busy machine has made the store slow, because then each gateway calls by itself. */
export async function whileStoreIsFast<T>(
  kind: StoreKind,
  trial: (store: Awaited<ReturnType<typeof startStore>>) => Promise<T>,
) {
  for (let attempt = 1; ; attempt += 1) {
    const store = await startStore(kind);
    const result = await trial(store);
    if (!store.isSlow() || attempt === 5) return { result, apiCalls: store.apiCalls };
  }
}
