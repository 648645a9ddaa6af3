import { type CliOptions, InvalidOption, readOptions, usage } from './cli-options.ts';
import { rateWindowSeconds } from './presets.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

const failureExitCode = 1;

/**
 * Runs the sandbox with the options of a command line, until the process gets a signal.
 * @param startGateway the command that starts the gateway, for the text that is printed
 */
export async function runSandboxCommand(args: readonly string[], startGateway: string): Promise<void> {
  try {
    await run(args, startGateway);
  } catch (error) {
    process.stderr.write(`sandbox: ${describe(error)}\n`);
    process.exitCode = failureExitCode;
  }
}

async function run(args: readonly string[], startGateway: string): Promise<void> {
  const { help, port, quotaMode, faults, presets, ...limits } = readOptions(args);
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const sandbox = await startSandbox({ port, quotaMode, preset: presets, ...limits });
  for (const rule of faults) sandbox.faults.add(rule);
  const kind = [`${quotaMode} mode`, ...presets, ...limitTexts(limits)].join(', ');
  process.stdout.write(welcome(sandbox, kind, startGateway));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.close());
}

const limitTexts = ({ rateLimit, dailyLimits }: Pick<CliOptions, 'rateLimit' | 'dailyLimits'>): string[] => [
  ...(rateLimit === undefined ? [] : [`${rateLimit} calls per ${rateWindowSeconds} s`]),
  ...Object.entries(dailyLimits).map(([family, calls]) => `${family}=${calls} per 24 h`),
];

function welcome(
  { apiUrl, tokenUrl, clientId, clientSecret, catalogue }: Sandbox,
  kind: string,
  startGateway: string,
): string {
  const credentials = `${clientId}:${clientSecret}`;
  return `Spotify sandbox, ${kind}

  Web API        ${apiUrl}
  token URL      ${tokenUrl}
  client id      ${clientId}
  client secret  ${clientSecret}

Try it:

  TOKEN=$(curl -s -u ${credentials} -d grant_type=client_credentials ${tokenUrl} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -H "Authorization: Bearer $TOKEN" ${apiUrl}/artists/${catalogue.fixtures.artists.bts}

Start the gateway on it, in a second terminal. With DATA_DIR=none it forgets the quota and the cached data at its end:

  SPOTIFY_API_URL=${apiUrl} SPOTIFY_TOKEN_URL=${tokenUrl} SPOTIFY_CLIENT_ID=${clientId} SPOTIFY_CLIENT_SECRET=${clientSecret} DATA_DIR=none ${startGateway}
`;
}

function describe(error: unknown): string {
  if (error instanceof InvalidOption) return `${error.message} (--help lists the options)`;
  if (isAddressInUse(error)) return `port ${error.port} is in use; choose another with --port`;
  return String(error);
}

function isAddressInUse(error: unknown): error is Error & { port: number } {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' && 'port' in error;
}
