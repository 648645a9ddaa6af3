import { fileURLToPath } from 'node:url';
import { preview } from 'vite';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { createCatalogue, type Sandbox, startSandbox } from '../../../../dist/sandbox/index.js';
import { startGateway } from '../../dev/gateway.ts';
import { siteJson } from '../../dev/site-json.ts';
import type { Site as SiteSettings } from '../../src/site.ts';

/** The built page, with a gateway that executes only its documents. */
export interface Site {
  url: string;
  sandbox: Sandbox;
  /** The calls to Spotify, without token calls. */
  spotifyCalls(): { path: string; status: number | null; atMs: number }[];
  /** The number of calls to Spotify in the gateway's metrics. */
  countedCalls(): Promise<number>;
}

const catalogue = createCatalogue(); // one for all tests of a process, because generating it takes a second
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The id of an artist that the sandbox and Spotify have. */
export const bts = '3Nrfpe0tUJi4K4DXYWgMUX';

/**
 * Starts a sandbox, a gateway and a server of the built files.
 * @param settings replace those of public/site.json
 * @param quotaMode the quota mode of the app
 * @param onEnd is given functions that end everything; by default it is called when the test ends
 */
export async function startSite(
  settings?: SiteSettings,
  quotaMode: 'development' | 'extended' = 'development',
  onEnd: (end: () => void | Promise<void>) => void = onTestFinished,
): Promise<Site> {
  const sandbox = await startSandbox({ catalogue, quotaMode });
  onEnd(sandbox.close);
  const gateway = await startGateway(
    {
      NODE_ENV: 'production',
      LOG_LEVEL: 'error',
      TRUSTED_DOCUMENTS: `${root}/src/generated/persisted-documents.json`,
      SPOTIFY_API_URL: sandbox.apiUrl,
      SPOTIFY_TOKEN_URL: sandbox.tokenUrl,
      SPOTIFY_CLIENT_ID: sandbox.clientId,
      SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
      // With a known quota mode the gateway sends no calls to learn it.
      SPOTIFY_QUOTA_MODE: quotaMode,
      DATA_DIR: 'none',
    },
    (line) => void process.stdout.write(`${line}\n`),
  );
  onEnd(gateway.stop);
  const server = await preview({
    root,
    configFile: false,
    logLevel: 'error',
    plugins: settings ? [siteJson(settings)] : [],
    preview: { host: '127.0.0.1', port: 0, proxy: { '/graphql': gateway.origin } },
  });
  onEnd(() => server.close());
  const [url] = server.resolvedUrls?.local ?? [];
  if (url === undefined) throw new Error('the files are served on no address');

  return {
    url,
    sandbox,
    spotifyCalls: () =>
      sandbox
        .calls()
        .filter(({ kind }) => kind === 'api')
        .map(({ path, status, atMs }) => ({ path, status, atMs })),
    async countedCalls() {
      const metrics = await (await fetch(`${gateway.origin}/metrics`)).text();
      const counts = [...metrics.matchAll(/^spotify_graphql_upstream_calls_total\{(.*)\} (\d+)$/gm)];
      return counts
        .filter(([, labels]) => !labels?.includes('family="token"'))
        .reduce((sum, [, , count]) => sum + Number(count), 0);
    },
  };
}

/** One site for all tests of a suite, which count no calls. */
export function shareSite(): () => Site {
  let site: Site | undefined;
  const ends: (() => void | Promise<void>)[] = [];
  beforeAll(async () => {
    site = await startSite(undefined, 'development', (end) => ends.unshift(end));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });
  return () => {
    if (!site) throw new Error('the site is there once the tests run');
    return site;
  };
}
