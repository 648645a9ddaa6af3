import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveArrivals } from './arrivals.ts';
import { type Config, ConfigError, furtherReading, readConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { manage, serverOptions, withUrl } from './lifecycle.ts';
import { createLog } from './log.ts';
import { ordersOfSupervisor, shareMetrics, supervise } from './workers.ts';

/** The process: environment in, a listening socket out. */

const say = (text: string) => process.stdout.write(`${text}\n`);

/** One process behind the port, alone or as one of several. */
async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  const sandbox = await sandboxFor(config);
  const gateway = createGateway(
    {
      ...config.gateway,
      isSandbox: sandbox !== null,
      spotify: { ...config.gateway.spotify, ...sandbox?.upstream },
      ...(cluster.isWorker && { metricsText: shareMetrics }),
    },
    log,
  );
  const server = createServer(serverOptions);
  serveArrivals(server, withUrl(gateway.listener));
  const dispose = async () => {
    await gateway.dispose();
    await sandbox?.close();
  };
  manage(server, { drain: gateway.drain, dispose }, log, cluster.isWorker ? ordersOfSupervisor : undefined);
  server.once('error', (error: NodeJS.ErrnoException) => {
    const complaint = listenComplaints[error.code ?? ''];
    if (!complaint) throw error;
    process.stderr.write(`${complaint}\n${furtherReading}\n`);
    process.exit(1);
  });
  server.listen(config.port, config.host, () => {
    if (!cluster.isWorker) announce(config, server.address() as AddressInfo);
  });
}

/** The process that watches over the others, and has the sandbox for all of them. */
async function watchOver(config: Config): Promise<void> {
  const sandbox = await sandboxFor(config);
  supervise(
    {
      count: config.workers,
      environment: sandbox ? { [sandboxVariable]: JSON.stringify(sandbox.upstream) } : {},
      listening: ({ address, port, addressType }) =>
        announce(config, { address, port, family: addressType === 6 ? 'IPv6' : 'IPv4' }),
      dispose: async () => sandbox?.close(),
    },
    createLog(config.logLevel),
  );
}

const sandboxVariable = 'SANDBOX_UPSTREAM'; // from the watching process to the others, and from nobody else

interface EmbeddedSandbox {
  upstream: Pick<Config['gateway']['spotify'], 'apiUrl' | 'tokenUrl' | 'clientId' | 'clientSecret'>;
  close(): Promise<void>;
}

/** Null where there are credentials. */
async function sandboxFor({ sandbox: quotaMode }: Config): Promise<EmbeddedSandbox | null> {
  if (quotaMode === null) return null;
  const given = cluster.isWorker && process.env[sandboxVariable];
  if (given) return { upstream: JSON.parse(given), close: async () => undefined };
  const { startSandbox } = await import('./sandbox/index.ts');
  const { apiUrl, tokenUrl, clientId, clientSecret, close } = await startSandbox({ quotaMode });
  return { upstream: { apiUrl, tokenUrl, clientId, clientSecret }, close };
}

function announce({ sandbox }: Config, address: AddressInfo): void {
  if (sandbox) say(sandboxNote(sandbox));
  say(`GraphQL on ${urlOf(address)}/graphql`);
}

const takenPort = 'PORT must be one that nobody else uses and this user may.';
const strangeHost = 'HOST must be an address of this machine.';

/** What the environment has to do with it, by the system's code; the value that it had is nobody's business. */
const listenComplaints: Readonly<Record<string, string>> = {
  EADDRINUSE: takenPort,
  EACCES: takenPort,
  EADDRNOTAVAIL: strangeHost,
  EAFNOSUPPORT: strangeHost,
  EAI_AGAIN: strangeHost,
  EINVAL: strangeHost,
  ENOTFOUND: strangeHost,
};

function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '127.0.0.1') return `http://localhost:${port}`;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

const sandboxNote = (
  quotaMode: string,
) => `SANDBOX: no Spotify credentials are set, so this serves made-up music from a stand-in for Spotify
(an app in ${quotaMode} mode). Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET for the real catalogue.`;

if (existsSync('.env')) process.loadEnvFile('.env');

try {
  const config = readConfig(process.env);
  await (config.workers > 1 && cluster.isPrimary ? watchOver(config) : serve(config));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
