import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Config, ConfigError, docsHint, readConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { rejectInvalidTarget } from './http/request.ts';
import { boundedLog, createLog } from './observability/log.ts';
import { aggregatedMetrics, runPrimary, supervisorTrigger } from './process/cluster.ts';
import { acceptFirst, limitConnections, serverOptions } from './process/connections.ts';
import { gracefulShutdown } from './process/graceful-shutdown.ts';

/** The process: environment in, a listening socket out. */

const print = (text: string) => process.stdout.write(`${text}\n`);

/** One process behind the port, alone or as one of several. */
async function serve(config: Config): Promise<void> {
  const log = boundedLog(createLog(config.logLevel));
  const sandbox = await sandboxFor(config);
  const gateway = createGateway(
    {
      ...config.gateway,
      isSandbox: sandbox !== null,
      spotify: { ...config.gateway.spotify, ...sandbox?.upstream },
      ...(cluster.isWorker && { metricsText: aggregatedMetrics }),
    },
    log,
  );
  const server = createServer(serverOptions);
  limitConnections(server, gateway.metrics);
  acceptFirst(server, gateway.listener);
  const operatorServer = createServer(serverOptions, rejectInvalidTarget(gateway.operatorListener));
  const dispose = async () => {
    operatorServer.close();
    operatorServer.closeAllConnections();
    await gateway.dispose();
    await sandbox?.close();
  };
  gracefulShutdown(
    server,
    { drain: gateway.drain, dispose },
    log,
    cluster.isWorker ? supervisorTrigger : undefined,
  );
  if (config.metricsPort !== null) {
    await listen(operatorServer, config.metricsPort, config.host, 'METRICS_PORT');
    if (!cluster.isWorker) announceMetrics(operatorServer.address() as AddressInfo);
  }
  await listen(server, config.port, config.host, 'PORT');
  if (!cluster.isWorker) announce(config, server.address() as AddressInfo);
}

/** Resolves when the server listens; ends the process with code 1 if it cannot. */
function listen(server: Server, port: number, host: string, variable: string): Promise<void> {
  server.once('error', (error: NodeJS.ErrnoException) => {
    const message = listenError(error.code, variable);
    if (!message) throw error;
    process.stderr.write(`${message}\n${docsHint}\n`);
    process.exit(1);
  });
  return new Promise((resolve) => server.listen(port, host, resolve));
}

/** The primary process: starts and replaces the workers, and runs the sandbox for all of them. */
async function runSupervisor(config: Config): Promise<void> {
  const sandbox = await sandboxFor(config);
  const hasMetricsPort = config.metricsPort !== null;
  let isMetricsPort = hasMetricsPort; // each worker listens on it first
  runPrimary(
    {
      count: config.workers,
      environment: sandbox ? { [sandboxVariable]: JSON.stringify(sandbox.upstream) } : {},
      ports: hasMetricsPort ? 2 : 1,
      listening({ address, port, addressType }) {
        const listened = { address, port, family: addressType === 6 ? 'IPv6' : 'IPv4' };
        if (isMetricsPort) announceMetrics(listened);
        else announce(config, listened);
        isMetricsPort = false;
      },
      dispose: async () => sandbox?.close(),
    },
    createLog(config.logLevel),
  );
}

const sandboxVariable = 'SANDBOX_UPSTREAM'; // set by the primary process for its workers only

interface EmbeddedSandbox {
  upstream: Pick<Config['gateway']['spotify'], 'apiUrl' | 'tokenUrl' | 'clientId' | 'clientSecret'>;
  close(): Promise<void>;
}

/** Null if credentials are configured. */
async function sandboxFor({ sandbox: quotaMode }: Config): Promise<EmbeddedSandbox | null> {
  if (quotaMode === null) return null;
  const inherited = cluster.isWorker && process.env[sandboxVariable];
  if (inherited) return { upstream: JSON.parse(inherited), close: async () => undefined };
  const { startSandbox } = await import('./sandbox/index.ts');
  const { apiUrl, tokenUrl, clientId, clientSecret, close } = await startSandbox({ quotaMode });
  return { upstream: { apiUrl, tokenUrl, clientId, clientSecret }, close };
}

function announce({ sandbox }: Config, address: AddressInfo): void {
  if (sandbox) print(sandboxNote(sandbox));
  print(`GraphQL on ${urlOf(address)}/graphql`);
}

const announceMetrics = (address: AddressInfo) => print(`Metrics on ${urlOf(address)}/metrics`);

/** The message for an operator if a server cannot listen, by the code of the system; null for an unknown code. */
function listenError(code: string | undefined, variable: string): string | null {
  if (code === 'EADDRINUSE' || code === 'EACCES')
    return `${variable} must be a free port that this user may use.`;
  return code !== undefined && hostCodes.has(code) ? 'HOST must be an address of this machine.' : null;
}

const hostCodes = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EAI_AGAIN', 'EINVAL', 'ENOTFOUND']);

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
  await (config.workers > 1 && cluster.isPrimary ? runSupervisor(config) : serve(config));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
