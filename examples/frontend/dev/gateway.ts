import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { terminalLine } from '../../../dist/observability/terminal-log.js';

const projectFolder = fileURLToPath(new URL('../../../', import.meta.url));
const serverFile = fileURLToPath(new URL('../../../dist/server.js', import.meta.url));

export interface RunningGateway {
  /** `http://127.0.0.1:PORT` */
  origin: string;
  /** Whether it has no credentials and serves the made-up music of its sandbox. */
  hasSandbox: boolean;
  stop(): Promise<void>;
}

/**
 * Runs the gateway in its own process, on a free port, until it is stopped or this process ends.
 * @param environment the gateway's configuration, which precedes the project's `.env` file; without credentials in either, its sandbox
 *   responds
 * @param onLine gets its output lines
 * @param isTerminal whether the lines are shown in a terminal, in which entries of the log are for people and not JSON
 * @throws Error if it ends before it listens
 */
export async function startGateway(
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
  isTerminal: boolean = process.stdout.isTTY,
): Promise<RunningGateway> {
  const child = spawn(process.execPath, [serverFile], {
    cwd: projectFolder, // where its .env file is
    env: { ...process.env, LOG_LEVEL: 'warn', ...environment, HOST: '127.0.0.1', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    await end(child);
  };
  // The gateway itself writes JSON, because its stdout is a pipe.
  const isReadable = (line: string) => !isTerminal || !line.startsWith('{"level":');
  const facts = await listening(child, (line) =>
    onLine(isReadable(line) ? line : terminalLine(line).trimEnd()),
  );
  return { ...facts, stop };
}

function listening(
  child: ChildProcess,
  onLine: (line: string) => void,
): Promise<Pick<RunningGateway, 'origin' | 'hasSandbox'>> {
  let hasSandbox = false;
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The gateway ended with code ${code}.`)));
    if (child.stdout === null) throw new Error('stdout is piped');
    createInterface(child.stdout).on('line', (line) => {
      const [, port] = /^GraphQL on http:\/\/\S+:(\d+)\/graphql$/.exec(line) ?? [];
      hasSandbox ||= line.startsWith('SANDBOX:');
      if (port === undefined) onLine(line);
      else resolve({ origin: `http://127.0.0.1:${port}`, hasSandbox });
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
