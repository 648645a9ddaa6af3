import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { Redis } from 'ioredis';

/** A Redis of a case's own, without a file. */
export interface CaseRedis {
  url: string;
  /** All keys and values, as text. */
  contents(): Promise<string>;
  stop(): Promise<void>;
}

export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const legible = ['--rdbcompression', 'no']; // DUMP compresses otherwise

/** Unlike one that ends with its test, this one ends when it is told to: cases run side by side. */
export async function startRedis(): Promise<CaseRedis> {
  const port = await freePort();
  const child = spawn(
    'redis-server',
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...legible],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  const listening = (async () => {
    for await (const text of child.stdout.setEncoding('utf8')) {
      if (String(text).includes('Ready to accept connections')) return;
    }
    throw new Error('redis-server ended before it listened');
  })();
  await Promise.race([listening, failed]);
  const url = `redis://127.0.0.1:${port}`;
  return {
    url,
    contents: () => contentsOf(url),
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function contentsOf(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys('*');
    const values = await Promise.all(keys.map((key) => textAt(redis, key)));
    return [...keys, ...values].join('\n');
  } finally {
    redis.disconnect();
  }
}

async function textAt(redis: Redis, key: string): Promise<string> {
  const isString = (await redis.type(key)) === 'string';
  const value = await (isString ? redis.getBuffer(key) : redis.dumpBuffer(key));
  return value === null ? '' : `${value}\n${decompressed(value)}`;
}

/** Nothing, where it is not compressed. */
function decompressed(value: Buffer): string {
  try {
    return `${gunzipSync(value)}`;
  } catch {
    return '';
  }
}
