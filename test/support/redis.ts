import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { onTestEnd } from './test-end.ts';
import { freePort } from './test-server.ts';

/** A Redis process without files, which can be killed, paused and started again on its port. */
export interface RedisProcess {
  url: string;
  /** Ends the process as a crash does; its data is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty. */
  start(): Promise<void>;
  /** Keeps connections open and responds to nothing, until `resume`. */
  pause(): void;
  resume(): void;
  /** All keys and values as text, compressed ones also decompressed. */
  contents(): Promise<string>;
}

/** A Redis of one test. */
export interface TestRedis extends RedisProcess {
  /** A connection of the test. */
  client: Redis;
  /** The number of connections, the test's own included. */
  connections(): Promise<number>;
}

const binary = 'redis-server';
const host = '127.0.0.1';
let found: boolean | undefined;

/** Whether Redis is installed. If not, one line reports that tests are skipped; with `CI=true` that is an error. */
export function hasRedis(): boolean {
  if (found !== undefined) return found;
  found = spawnSync(binary, ['--version']).status === 0;
  const { CI } = process.env;
  if (!found && CI === 'true') throw new Error(`${binary} is missing, and CI skips nothing`);
  if (!found) process.stdout.write(`skipped: ${binary} is missing\n`);
  return found;
}

/** Starts a Redis on a free port; the caller ends it with `kill`. */
export async function startRedisProcess(): Promise<RedisProcess> {
  const port = await freePort();
  const url = `redis://${host}:${port}`;
  // DUMP would compress its values.
  const withoutFiles = ['--save', '', '--appendonly', 'no', '--dir', tmpdir(), '--rdbcompression', 'no'];
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn(binary, ['--port', `${port}`, '--bind', host, ...withoutFiles], {
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

  await start();
  return {
    url,
    start,
    async kill() {
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    },
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    contents: () => contentsOf(url),
  };
}

/** Starts a Redis that ends with the test. */
export async function startRedis(): Promise<TestRedis> {
  const redis = await startRedisProcess();
  const client = new Redis(redis.url, { retryStrategy: () => 50 });
  client.on('error', () => undefined); // tests kill the process
  onTestEnd(async () => {
    client.disconnect();
    await redis.kill();
  });
  const connections = async () => Number(/^connected_clients:(\d+)/m.exec(await client.info('clients'))?.[1]);
  return { ...redis, client, connections };
}

async function contentsOf(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys('*');
    const values = await Promise.all(
      keys.map(async (key) =>
        (await redis.type(key)) === 'string' ? redis.getBuffer(key) : redis.dumpBuffer(key),
      ),
    );
    return [...keys, ...values.map((value) => (value ? `${value}\n${decompressed(value)}` : ''))].join('\n');
  } finally {
    redis.disconnect();
  }
}

/** Empty if the value is not compressed. */
function decompressed(value: Buffer): string {
  try {
    return `${gunzipSync(value)}`;
  } catch {
    return '';
  }
}
