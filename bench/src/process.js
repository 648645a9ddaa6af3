import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

/** Processes of the bench: the servers on one core, the clients and the upstream on another. */

const canPin = process.platform === 'linux' && availableParallelism() > 1 && hasTaskset();
// The cores of every process are set explicitly, because it would inherit those of the driver.
const coresOf = { server: '0', driver: '1', any: `0-${availableParallelism() - 1}` };
const lateMs = 1_000;
const anyHost = /(?<=\/\/)[^/]+(?=:\d+$)/;
const drainedMs = 15_000;
const whole = /https?:\/\/[^\s/]+:\d+/g;

function hasTaskset() {
  return spawnSync('taskset', ['--version']).status === 0;
}

export const pinning = canPin ? 'pinned' : 'not pinned: taskset or a second core is missing';

/** Moves this process, with the threads it has by now, away from the servers. */
export function pinDriver() {
  if (canPin) spawnSync('taskset', ['-acp', coresOf.driver, String(process.pid)]);
}

/**
 * Starts a process and waits for the line with its URL.
 * @param cores `server`, `driver` or, for more than one process, `any`
 * @param node the path of another Node
 * @returns also the moment of its start (`startedMs`) and of that line (`listeningMs`), and a second origin if the line has one
 */
export async function start(args, { env = {}, cores = 'server', node = process.execPath } = {}) {
  const startedMs = performance.now();
  const command = [node, ...args];
  if (canPin) command.unshift('taskset', '-c', coresOf[cores]);
  const { PATH = '' } = process.env;
  const child = spawn(command[0], command.slice(1), {
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const errors = [];
  child.stderr.on('data', (chunk) => errors.push(chunk));
  const [origin, tokenOrigin] = await listening(child, () => Buffer.concat(errors).toString());
  return {
    origin: origin.replace(anyHost, '127.0.0.1'),
    tokenOrigin,
    pid: child.pid,
    startedMs,
    listeningMs: performance.now(),
    request: createRequest(child),
    stop: () => stop(child),
    terminate: () => terminate(child),
  };
}

/** @throws Error with the output of the process if it ends before it listens */
function listening(child, errors) {
  return new Promise((resolve, reject) => {
    // All output is read, because a full pipe would block the server.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const origins = line.match(whole);
      if (origins) resolve(origins);
    });
    child.once('exit', () =>
      reject(new Error(`${child.spawnargs.join(' ')} ended before it listened:\n${errors()}`)),
    );
  });
}

function createRequest(child) {
  const waiting = new Map();
  let last = 0;
  child.on('message', ({ id, response }) => {
    waiting.get(id)?.(response);
    waiting.delete(id);
  });
  return (name, fields = {}) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      child.send({ ...fields, id: last, name });
    });
}

/** Sends SIGTERM, and waits until the process has ended. */
async function terminate(child) {
  const late = setTimeout(() => child.kill('SIGKILL'), drainedMs);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(late);
}

/** Closes the IPC channel, at which the probe ends the process. */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const late = setTimeout(() => child.kill('SIGKILL'), lateMs);
  child.disconnect();
  await once(child, 'exit');
  clearTimeout(late);
}
