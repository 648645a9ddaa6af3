import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Config, ConfigError, readConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { manage, serverOptions } from './lifecycle.ts';
import { createLog } from './log.ts';

/** The process: environment in, a listening socket out. */

const say = (text: string) => process.stdout.write(`${text}\n`);

async function start(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  const sandbox = config.sandbox && (await embeddedSandbox(config.sandbox));
  const gateway = createGateway(
    sandbox
      ? { ...config.gateway, isSandbox: true, spotify: { ...config.gateway.spotify, ...sandbox } }
      : config.gateway,
    log,
  );
  const server = createServer(serverOptions, gateway.handler);
  const dispose = async () => {
    await gateway.dispose();
    await sandbox?.close();
  };
  manage(server, { drain: gateway.drain, dispose }, log);
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
    process.stderr.write(`Port ${config.port} cannot be used (${error.code}): set PORT to another one.\n`);
    process.exit(1);
  });
  server.listen(config.port, config.host, () => {
    const { port } = server.address() as AddressInfo;
    const host = config.host === '127.0.0.1' ? 'localhost' : config.host;
    say(`GraphQL on http://${host}:${port}/graphql`);
  });
}

async function embeddedSandbox(quotaMode: 'development' | 'extended') {
  const { startSandbox } = await import('./sandbox/index.ts');
  const sandbox = await startSandbox({ quotaMode });
  say(`SANDBOX: no Spotify credentials are set, so this serves made-up music from a stand-in for Spotify
(an app in ${quotaMode} mode). Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET for the real catalogue.`);
  return sandbox;
}

if (existsSync('.env')) process.loadEnvFile('.env');

try {
  await start(readConfig(process.env));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
