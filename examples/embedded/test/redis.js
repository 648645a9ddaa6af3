import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';

const binary = 'redis-server';

/** The reason why tests with Redis are skipped; false if Redis is installed. With `CI=true` nothing may be skipped. */
export function noRedis() {
  if (spawnSync(binary, ['--version']).status === 0) return false;
  if (process.env.CI === 'true') throw new Error(`${binary} is missing, and CI skips nothing`);
  return `${binary} is missing`;
}

/** Starts Redis on a free port, without files. */
export async function startRedis() {
  const port = await freePort();
  const server = spawn(
    binary,
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  for await (const line of server.stdout.setEncoding('utf8')) {
    if (line.includes('Ready to accept connections')) break;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
    },
  };
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
