import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';

/** A Redis of the test's own, which can be killed, stopped and started again on its port. */
export interface TestRedis {
  url: string;
  /** What a test looks at it through. */
  client: Redis;
  /** How many are connected, this test's own client among them. */
  connections(): Promise<number>;
  /** Ends the process as a crash does; what it held is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty. */
  start(): Promise<void>;
  /** Keeps connections open and answers nothing, until `resume`. */
  pause(): void;
  resume(): void;
}

const binary = 'redis-server';

/** Whether there is a Redis to be had; where not, one line says so. With `CI=true` that is an error. */
export function hasRedis(): boolean {
  if (spawnSync(binary, ['--version']).status === 0) return true;
  const { CI } = process.env;
  if (CI === 'true') throw new Error(`${binary} is missing, and CI skips nothing`);
  process.stdout.write(`skipped: ${binary} is missing\n`);
  return false;
}

/** Starts a Redis on a free port of this machine, which keeps nothing on the disk; it ends with the test. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const keepNothing = ['--save', '', '--appendonly', 'no', '--dir', tmpdir()];
    const started = spawn(binary, ['--port', `${port}`, '--bind', '127.0.0.1', ...keepNothing], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    server = started;
    await new Promise<void>((resolve, reject) => {
      let printed = '';
      started.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        if (printed.includes('Ready to accept connections')) resolve();
      });
      started.once('exit', () => reject(new Error(`${binary} did not start:\n${printed}`)));
    });
  }

  async function kill(): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  await start();
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { retryStrategy: () => 50 });
  client.on('error', () => undefined); // it is killed on purpose
  onTestFinished(async () => {
    client.disconnect();
    await kill();
  });
  return {
    url,
    client,
    connections: async () => Number(/^connected_clients:(\d+)/m.exec(await client.info('clients'))?.[1]),
    kill,
    start,
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
  };
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
