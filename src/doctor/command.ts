import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigError, readConfig } from '../config.ts';
import { docsHint } from '../config-warnings.ts';
import {
  type ConnectFailure,
  correctionOf,
  createRawClient,
  dashboardUrl,
  fallbackMarket,
  type RawCall,
  type RawClient,
  type SpotifyOptions,
} from '../datasources/spotify/index.ts';
import { createNodeFetch } from '../datasources/spotify/node.ts';
import { adviceFor } from './advice.ts';
import { examine, maxCalls } from './examine.ts';
import { type Findings, findingsOf } from './findings.ts';
import { findingsText } from './text.ts';

/** The input and the output of the command. */
export interface Surroundings {
  /** The variables, such as `process.env` with those of the .env file. @throws ConfigError */
  environment(): NodeJS.ProcessEnv;
  print(text: string): void;
  printError(text: string): void;
}

/** 0: the app can be used; 1: the operator has to act; 2: Spotify could not be examined now. */
export type ExitCode = 0 | 1 | 2;

const options = {
  json: { type: 'boolean', default: false },
  report: { type: 'string', default: 'spotify-report.json' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const usage = `Examines the Spotify app of the configured credentials with at most ${maxCalls} calls; those for the token are not counted.

  --json           print the report as JSON instead of text
  --report <file>  where the report is written, without secrets (default ${options.report.default})
  --help           print this text

It reads the environment variables and the .env file that the gateway reads. Exit code 0: the app can be used;
1: something has to be corrected; 2: Spotify could not be examined now.
`;

/** Runs the command. @param args the words after its name */
export async function runDoctorCommand(
  args: readonly string[],
  { environment, print, printError }: Surroundings,
): Promise<ExitCode> {
  const values = readOptions(args);
  if (typeof values === 'string') {
    printError(`${values} (--help lists the options)`);
    return 1;
  }
  if (values.help) {
    print(usage.trimEnd());
    return 0;
  }
  try {
    const { sandbox, gateway, warnings } = readConfig(environment());
    for (const warning of warnings) printError(warning);
    if (sandbox !== null) throw new ConfigError(`${noCredentials}\n${docsHint}`);
    return await examineApp(gateway.spotify, values, { print, printError });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    printError(error.message);
    return 1;
  }
}

const noCredentials = `SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set, so there is no app to examine.
Create an app on ${dashboardUrl} (its owner needs Spotify Premium), and put its client id and client
secret into the environment or into a .env file in this folder:

  SPOTIFY_CLIENT_ID=…
  SPOTIFY_CLIENT_SECRET=…`;

/** The options, or the sentence that states why they are not valid. */
function readOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    // The first sentence states the problem, the others give hints about Node's syntax.
    return error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error);
  }
}

async function examineApp(
  spotify: SpotifyOptions,
  { json, report: file }: { json: boolean; report: string },
  { print, printError }: Pick<Surroundings, 'print' | 'printError'>,
): Promise<ExitCode> {
  const client = createRawClient(spotify, createNodeFetch(spotify, 1), maxCalls);
  try {
    const failure = await client.connect();
    if (failure) {
      printError(client.redact(failureText(failure, spotify)));
      return failure.reason === 'credentials-rejected' ? 1 : 2;
    }
    const examination = await examine(client, spotify.market ?? fallbackMarket);
    const findings = findingsOf(examination);
    const advice = adviceFor(findings, spotify);
    const report = reportText(client, { ...findings, advice });
    print(json ? report : client.redact(findingsText(findings, advice, examination.calls.length)));
    if (!writeReport(file, report, printError)) return 1;
    if (!json)
      print(`\n${file} has this in detail, without secrets: please attach it when you report a problem.`);
    const exitCode = exitCodeOf(findings);
    if (exitCode === 2) printError(noSuccessMessage(examination.calls));
    return exitCode;
  } finally {
    await client.close();
  }
}

function failureText({ reason, detail }: ConnectFailure, { tokenUrl }: SpotifyOptions): string {
  return reason === 'credentials-rejected'
    ? `Spotify rejects SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET: ${detail}.
${correctionOf(detail)}.`
    : `There is no token from ${tokenUrl}: ${detail}.
${checkNetwork('SPOTIFY_TOKEN_URL')}`;
}

const noSuccessMessage = (calls: readonly RawCall[]): string =>
  calls.some(({ status }) => status !== null)
    ? 'Spotify responds, but no call succeeded: see the report, or try again later.'
    : `No call succeeded. ${checkNetwork('SPOTIFY_API_URL')}`;

const checkNetwork = (variable: string) =>
  `Check the network, HTTPS_PROXY and ${variable}, or try again later.`;

/** JSON without the credentials and tokens. */
function reportText(client: RawClient, findings: object): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const about = { gateway: version, node: process.version, at: new Date().toISOString() };
  return client.redact(JSON.stringify({ ...about, calls: client.calls(), ...findings }, null, 2));
}

function writeReport(file: string, text: string, printError: Surroundings['printError']): boolean {
  try {
    writeFileSync(file, `${text}\n`);
    return true;
  } catch (error) {
    printError(
      `The report cannot be written to ${file} (${(error as NodeJS.ErrnoException).code}): choose another with --report.`,
    );
    return false;
  }
}

function exitCodeOf({ premium }: Findings): ExitCode {
  if (premium === 'lapsed') return 1;
  return premium === 'active' ? 0 : 2;
}
