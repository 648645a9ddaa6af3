import cluster from 'node:cluster';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Config, ConfigError, readConfig } from './config.ts';
import { docsHint } from './config-warnings.ts';
import { canUseDataDir } from './datasources/spotify/node.ts';
import { createGateway } from './gateway.ts';
import { rejectInvalidTarget } from './http/request-target.ts';
import { boundedLog, createLog, processOutput } from './observability/log.ts';
import { manifestWarnings } from './operation/manifest-check.ts';
import { isWorker, primaryTrigger, runPrimary } from './process/cluster.ts';
import { acceptFirst, limitConnections, serverOptions } from './process/connections.ts';
import { loadDotenv } from './process/dotenv.ts';
import { gracefulShutdown } from './process/graceful-shutdown.ts';
import { trackResponses } from './process/pipelining.ts';
import { listenError, startMessage } from './process/start-messages.ts';
import { aggregatedMetrics } from './process/worker-metrics.ts';
import { schema } from './schema/index.ts';

/** The process: reads the environment and listens. */

const output = processOutput();
const print = (text: string) => process.stdout.write(`${text}\n`);

function warn(warnings: readonly string[], { logLevel }: Config): void {
  const log = createLog(logLevel, output);
  for (const warning of warnings) log.warn({}, warning);
}

/** Runs one process behind the port, alone or as one of several. */
async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel, output);
  const sandbox = await sandboxFor(config);
  const gateway = createGateway(
    {
      ...config.gateway,
      isSandbox: sandbox !== null,
      spotify: { ...config.gateway.spotify, ...sandbox?.upstream },
      ...(isWorker && { metricsText: aggregatedMetrics }),
    },
    log,
  );
  const server = createServer(serverOptions);
  const openResponses = trackResponses(server);
  limitConnections(server, openResponses, gateway.metrics);
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
    openResponses,
    { drain: gateway.drain, dispose },
    boundedLog(log),
    isWorker ? primaryTrigger : undefined,
  );
  const report = sandbox ? null : await gateway.connect();
  const metricsAddress =
    config.metricsPort === null
      ? null
      : await listen(operatorServer, config.metricsPort, config.host, 'METRICS_PORT');
  const address = await listen(server, config.port, config.host, 'PORT');
  if (!isWorker) print(startMessage(config, address, metricsAddress, report));
}

/** Resolves when the server listens; ends the process with code 1 if it cannot. */
function listen(server: Server, port: number, host: string, variable: string): Promise<AddressInfo> {
  server.once('error', (error: NodeJS.ErrnoException) => {
    const message = listenError(error.code, variable, port, host);
    if (!message) throw error;
    process.stderr.write(`${message}\n${docsHint}\n`);
    process.exit(1);
  });
  return new Promise((resolve) => server.listen(port, host, () => resolve(server.address() as AddressInfo)));
}

/** Runs the primary process: it starts and replaces the workers, and runs the sandbox for all of them. */
async function runPrimaryProcess(config: Config): Promise<void> {
  const sandbox = await sandboxFor(config);
  const hasMetricsPort = config.metricsPort !== null;
  let metricsAddress: AddressInfo | null = null; // a worker listens on METRICS_PORT first, and then on PORT
  runPrimary(
    {
      count: config.workers,
      environment: sandbox ? { [sandboxVariable]: JSON.stringify(sandbox.upstream) } : {},
      ports: hasMetricsPort ? 2 : 1,
      listening({ address, port, addressType }) {
        const listened = { address, port, family: addressType === 6 ? 'IPv6' : 'IPv4' };
        if (hasMetricsPort && !metricsAddress) metricsAddress = listened;
        else print(startMessage(config, listened, metricsAddress, null));
      },
      dispose: async () => sandbox?.close(),
    },
    createLog(config.logLevel, output),
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
  const inherited = isWorker && process.env[sandboxVariable];
  if (inherited) return { upstream: JSON.parse(inherited), close: async () => undefined };
  const { startSandbox } = await import('./sandbox/index.ts');
  const { apiUrl, tokenUrl, clientId, clientSecret, close } = await startSandbox({ quotaMode });
  return { upstream: { apiUrl, tokenUrl, clientId, clientSecret }, close };
}

// The terminal may close, or the disk be full: the process then drains, or goes on without its output.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const dotenvWarnings = loadDotenv();
  const config = readConfig(process.env, isWorker ? canUseDataDir : undefined);
  if (!isWorker) warn([...dotenvWarnings, ...config.warnings], config);
  await (config.workers > 1 && cluster.isPrimary ? runPrimaryProcess(config) : serve(config));
  if (!isWorker) warn(await manifestWarnings({ ...config.gateway, schema }), config);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  // Without `exit`, a worker would not end, because its channel to the primary process is open.
  process.stderr.write(`${error.message}\n`, () => process.exit(1));
}
