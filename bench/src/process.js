import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

/** Processes of the bench: the servers on one core, everything that drives them on another. */

const canPin = process.platform === 'linux' && availableParallelism() > 1 && hasTaskset();
// Every process gets its cores by name: left alone it would inherit the driver's.
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
 * Starts a process and waits for the line in which it says where it listens.
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
    ask: createAsk(child),
    stop: () => stop(child),
    terminate: () => terminate(child),
  };
}

/** @throws Error with what the process said, when it ends without having listened */
function listening(child, errors) {
  return new Promise((resolve, reject) => {
    // Read on for as long as it runs: a full pipe would stop the server.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const origins = line.match(whole);
      if (origins) resolve(origins);
    });
    child.once('exit', () =>
      reject(new Error(`${child.spawnargs.join(' ')} ended before it listened:\n${errors()}`)),
    );
  });
}

function createAsk(child) {
  const waiting = new Map();
  let last = 0;
  child.on('message', ({ id, answer }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  return (what, fields = {}) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      child.send({ ...fields, id: last, what });
    });
}

/** Ends it as an operator would, and waits until it has. */
async function terminate(child) {
  const late = setTimeout(() => child.kill('SIGKILL'), drainedMs);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(late);
}

/** Its probe ends it when nobody is there any more to ask it something. */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const late = setTimeout(() => child.kill('SIGKILL'), lateMs);
  child.disconnect();
  await once(child, 'exit');
  clearTimeout(late);
}
