import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, expect, inject } from 'vitest';
import { measureMachineLoad } from './machine-load.ts';
import { type OnEnd, onTestEnd } from './test-end.ts';
import type { Environment } from './upstream.ts';

/** The gateway as operators run it: `node dist/server.js`, in its own process and folder. */

export type { OnEnd } from './test-end.ts';
export { type Environment, upstreamOf } from './upstream.ts';

export const serverFile = fileURLToPath(new URL('../../dist/server.js', import.meta.url));

const root = fileURLToPath(new URL('../..', import.meta.url));

const moduleOptions = { bundle: true, platform: 'node', format: 'esm', target: 'node20.19' } as const;

/**
 * Builds the same process with its packages outside of it, in `node_modules`, so that a test can change one of them.
 * @returns the path of the file
 */
export async function buildWithoutPackages(onEnd: OnEnd): Promise<string> {
  const parent = join(root, 'node_modules', '.cache');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'gateway-')); // Node looks for packages in the folders above
  onEnd(async () => rmSync(folder, { recursive: true }));
  const outfile = join(folder, 'server.mjs');
  await build({
    ...moduleOptions,
    entryPoints: [join(root, 'src/server.ts')],
    outfile,
    packages: 'external',
  });
  return outfile;
}

/**
 * Runs a TypeScript file in a process of its own, as one module: the many modules of the gateway would take it seconds.
 * @param file from the root of the repository
 * @param flags of Node
 */
export async function runScript(
  file: string,
  flags: readonly string[],
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<ChildProcess> {
  const { outputFiles } = await build({
    ...moduleOptions,
    entryPoints: [join(root, file)],
    write: false,
    // CommonJS packages call `require`.
    banner: { js: "const require = process.getBuiltinModule('module').createRequire(import.meta.url);" },
  });
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-', ...args], {
    cwd: root,
    ...options,
  });
  child.stdin?.end(outputFiles[0]?.text);
  return child;
}

export interface Run {
  pid: number;
  /** The memory of the process in megabytes: the current value and the peak. */
  memoryMb(): number;
  peakMb(): number;
  /** The output so far. */
  out(): string;
  err(): string;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process has ended and all of its output is read. */
  ended: Promise<Ended>;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
  /** Milliseconds from the start of the process to its end. */
  aliveMs: number;
}

export interface Server extends Run {
  /** The URL that the process has printed. */
  url: string;
  port: number;
  get(path: string, options?: RequestOptions): Promise<Reply>;
  /** Sends an operation as the GraphQL over HTTP specification describes. */
  execute(query: string, options?: RequestOptions): Promise<Reply>;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
  /** Default: a connection for this request alone. */
  agent?: Agent;
  /** The loopback address of the client. Default: 127.0.0.1. */
  localAddress?: string;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The parsed body; undefined if it is not JSON. */
  json: unknown;
}

const startMs = 60_000; // many times the usual duration, for machines that are busy with other tests

/** For resources that all tests of a file or a suite share: they end after the tests, in reverse order. */
export function endAfterAll(): OnEnd {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends) await end();
  });
  return (end) => ends.unshift(end);
}

/**
 * Runs the gateway until it ends by itself or the test ends. It inherits only PATH from this process.
 * @param dotenv content of the `.env` file in its working directory; none by default
 * @param args of Node
 */
export function runServer(
  environment: Environment,
  dotenv?: string,
  onEnd: OnEnd = onTestEnd,
  args: readonly string[] = [serverFile],
): Run {
  const buildFailure = inject('buildFailure');
  if (buildFailure !== null) throw new Error(buildFailure);

  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  if (dotenv !== undefined) writeFileSync(join(folder, '.env'), dotenv);
  const { PATH = '' } = process.env;
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.err += text;
  });
  let aliveMs = 0;
  child.once('exit', () => {
    aliveMs = performance.now() - startedMs;
  });
  const ended = once(child, 'close').then(
    (): Ended => ({ code: child.exitCode, signal: child.signalCode, aliveMs, ...printed }),
  );
  const kill = () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  };
  process.once('exit', kill); // if the test run is aborted
  onEnd(async () => {
    kill();
    await ended;
    process.off('exit', kill);
    rmSync(folder, { recursive: true });
  });

  const pid = child.pid ?? 0;
  return {
    pid,
    memoryMb: () => megabytesOf(pid, 'VmRSS'),
    peakMb: () => megabytesOf(pid, 'VmHWM'),
    out: () => printed.out,
    err: () => printed.err,
    signal: (name) => {
      child.kill(name);
    },
    ended,
  };
}

function megabytesOf(pid: number, figure: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${figure}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_000;
}

/** The environment of a production process, with the flags of Node that the image sets. */
export const inProduction: Environment = {
  NODE_ENV: 'production',
  NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=16',
};

const startsAtOnce = 2; // a start uses a whole processor
const latestStarts: Promise<unknown>[] = [];

/**
 * Runs the gateway on a free port and waits until it prints its URL. If concurrent tests start several, two start at a
 * time, in the order of the calls.
 */
export function startServer(
  environment: Environment = {},
  dotenv?: string,
  onEnd?: OnEnd,
  args?: readonly string[],
): Promise<Server> {
  const turn = latestStarts.at(-startsAtOnce) ?? Promise.resolve();
  const start = () => startNow(environment, dotenv, onEnd, args);
  const started = turn.then(start, start);
  latestStarts.push(started);
  if (latestStarts.length > startsAtOnce) latestStarts.shift();
  return started;
}

async function startNow(...[environment, ...rest]: Parameters<typeof runServer>): Promise<Server> {
  const run = runServer({ PORT: '0', ...environment }, ...rest);
  const ended = run.ended.then(({ code, err }) => {
    throw new Error(`the gateway ended with code ${code} before it listened:\n${err}`);
  });
  const url = await Promise.race([until(() => printedUrl(run.out()), startMs), ended]);
  ended.catch(() => undefined); // from now on the test decides when it ends
  const port = Number(new URL(url).port);
  return {
    ...run,
    url,
    port,
    get: (path, options) => exchange(port, path, options),
    execute: (query, options = {}) =>
      exchange(port, '/graphql', {
        method: 'POST',
        ...options,
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json',
          ...options.headers,
        },
        body: JSON.stringify({ query }),
      }),
  };
}

const printedUrl = (out: string) => /(http:\/\/\S+\/graphql)$/m.exec(out)?.[1];

/**
 * One HTTP exchange; unlike fetch it sends all headers unchanged. Repeats the request after a 503 with `Retry-After`,
 * because on a busy machine the gateway rejects operations. Rejects if the connection breaks.
 */
export const exchange = (port: number, path: string, options: RequestOptions = {}): Promise<Reply> =>
  repeatWhileBusy(
    () => exchangeOnce(port, path, options),
    ({ status, headers }) => (status === 503 ? headers['retry-after'] : undefined),
  );

/** `fetch` that repeats the request in the same way. */
export const patientFetch = (url: string | URL, init?: RequestInit): Promise<Response> =>
  repeatWhileBusy(
    () => fetch(url, init),
    ({ status, headers }) => (status === 503 ? (headers.get('retry-after') ?? undefined) : undefined),
  );

async function repeatWhileBusy<T>(
  execute: () => Promise<T>,
  retryAfter: (response: T) => string | undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const response = await execute();
    const seconds = retryAfter(response);
    if (seconds === undefined || attempt === maxAttempts) return response;
    await sleep(Number(seconds) * 1_000);
  }
}

const maxAttempts = 5;

/** One HTTP exchange, whatever its status. */
export function exchangeOnce(port: number, path: string, options: RequestOptions): Promise<Reply> {
  const { method = 'GET', headers = {}, body = '', agent = new Agent({ keepAlive: false }) } = options;
  const { localAddress = '127.0.0.1' } = options;
  return new Promise((resolve, reject) => {
    const clientRequest = httpRequest(
      { host: '127.0.0.1', localAddress, port, path, method, headers, agent },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers: received } = response;
          resolve({ status, headers: received, text, json: parse(text) });
        });
      },
    );
    clientRequest.on('error', reject);
    clientRequest.end(body);
  });
}

/** A keep-alive connection, as browsers and proxies use it; closed with the test. */
export function keptConnection(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestEnd(() => agent.destroy());
  return agent;
}

/** A TCP connection that has sent `bytes`. The server may close it. */
export async function openSocket(port: number, bytes = '') {
  const socket = connect(port, '127.0.0.1');
  onTestEnd(() => void socket.destroy());
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  await once(socket, 'connect');
  socket.on('error', () => undefined); // tests check the received bytes instead
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  if (bytes) socket.write(bytes);
  return { write: (text: string) => socket.write(text), received: () => received, closed };
}

/** Whether no process listens on the port. */
export async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}

/** Waits until `look` returns a value other than undefined and false. @returns the value */
export async function until<T>(
  look: () => T | Promise<T>,
  limitMs = 30_000, // many times the duration of any step
): Promise<Exclude<T, undefined | false>> {
  const endMs = performance.now() + limitMs;
  const isFound = (value: T): value is Exclude<T, undefined | false> =>
    value !== undefined && value !== false;
  for (;;) {
    const value = await look();
    if (isFound(value)) return value;
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms in vain for ${String(look)}`);
    await sleep(pollMs);
  }
}

const pollMs = 5;

const bareStartMs = 60; // the time in which Node starts and ends on an idle machine

/** Converts a time limit for an idle machine into one for this machine, which may be busy with other tests. */
export async function scaledLimit(limitMs: number): Promise<number> {
  const startedMs = performance.now();
  await once(spawn(process.execPath, ['-e', '0']), 'exit');
  return limitMs * Math.max(1, (performance.now() - startedMs) / bareStartMs);
}

export type DrainSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/**
 * Sends the signal, at which a process drains.
 * @returns a function that waits for the end, asserts that it came within 10 s, of which the last second is multiplied by
 * the load of the machine, and returns the exit code and the milliseconds
 */
export function shutDown({ signal, ended }: Run, name: DrainSignal = 'SIGTERM') {
  const machineLoad = measureMachineLoad();
  const sentMs = performance.now();
  signal(name);
  return async (moreMs = 0) => {
    const { code } = await ended;
    const tookMs = performance.now() - sentMs;
    expect(tookMs, 'ms of the drain').toBeLessThan(10_000 + 1_000 * (machineLoad() - 1) + moreMs);
    return { code, tookMs };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
