import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startSandbox } from '../../src/sandbox/index.ts';

/**
 * Sends a flood of invalid requests to the built gateway beside a few valid ones. Prints the latency of the valid ones
 * with and without the flood, and the statuses of all. `FLOOD_PER_SECOND` and `FLOOD_SECONDS` change the size.
 */

const { FLOOD_PER_SECOND = '2000', FLOOD_SECONDS = '10' } = process.env;
const perSecond = Number(FLOOD_PER_SECOND);
const seconds = Number(FLOOD_SECONDS);
const goodPerSecond = 50;
const goodSockets = 200; // so many that no valid request waits for another
const stepMs = 10;
const garbageSockets = 64;
const url = process.argv[2];

const serverFile = fileURLToPath(new URL('../../dist/server.js', import.meta.url));

const documents = [
  '{ nothing }',
  '{ artist(id: "x") { nothing } }',
  '{ a b c d e f g h',
  `{ ${'a '.repeat(2_500)} }`,
  `{ ${Array.from({ length: 120 }, (_, i) => `a${i}: __typename`).join(' ')} }`,
  `${'{a'.repeat(500)}${'}'.repeat(500)}`,
  'query q($a: Nothing) { __typename }',
];

/** Each request has another document, so that none is cached. */
const garbage = (n: number): string =>
  n % 8 === 7 ? '{"query":' : JSON.stringify({ query: `#${n}\n${documents[n % documents.length]}` });

function post(port: number, agent: Agent, body: string): Promise<{ status: number; ms: number }> {
  const startedMs = performance.now();
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/graphql', method: 'POST', headers, agent },
      (response) => {
        response.resume();
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, ms: performance.now() - startedMs }),
        );
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends so many requests a second, without waiting for responses. */
async function execute(port: number, rate: number, sockets: number, body: (n: number) => string) {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets });
  const responses: Promise<{ status: number; ms: number }>[] = [];
  const startedMs = performance.now();
  while (performance.now() - startedMs < seconds * 1_000) {
    const due = ((performance.now() - startedMs) / 1_000) * rate;
    while (responses.length < due) responses.push(post(port, agent, body(responses.length)));
    await sleep(stepMs);
  }
  const all = await Promise.all(responses);
  agent.destroy();
  return all;
}

/** Latencies of the requests that were not rejected with 503, and all statuses. */
function summary(responses: readonly { status: number; ms: number }[]) {
  const times = responses
    .filter(({ status }) => status !== 503)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  const at = (share: number) => Math.round((times[Math.ceil(times.length * share) - 1] ?? 0) * 10) / 10;
  const statuses: Record<number, number> = {};
  for (const { status } of responses) statuses[status] = (statuses[status] ?? 0) + 1;
  return { responses: responses.length, statuses, p50Ms: at(0.5), p99Ms: at(0.99) };
}

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Runs in its own process, so that it does not delay the client of the valid requests. */
async function sendGarbage(port: number) {
  print(summary(await execute(port, perSecond, garbageSockets, garbage)));
}

async function start() {
  const sandbox = await startSandbox();
  const environment = {
    PORT: '0',
    NODE_ENV: 'production',
    LOG_LEVEL: process.env['FLOOD_LOG_LEVEL'] ?? 'info',
    SPOTIFY_API_URL: sandbox.apiUrl,
    SPOTIFY_TOKEN_URL: sandbox.tokenUrl,
    SPOTIFY_CLIENT_ID: sandbox.clientId,
    SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
  };
  const server = spawn(process.execPath, [serverFile], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    // All output is read, because a full pipe would block the process.
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      const [, printed] = /:(\d+)\/graphql$/m.exec(text) ?? [];
      if (printed !== undefined) resolve(Number(printed));
    });
    server.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
  });
  return { sandbox, server, port };
}

async function run() {
  const { sandbox, server, port } = await start();
  const good = () => JSON.stringify({ query: '{ artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") { name } }' });
  await execute(port, goodPerSecond, goodSockets, good);
  const idle = summary(await execute(port, goodPerSecond, goodSockets, good));
  const before = sandbox.calls().length;
  const flood = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), `${port}`], {
    env: process.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const floodEnded = once(flood, 'close');
  let floodOutput = '';
  flood.stdout.setEncoding('utf8').on('data', (text: string) => {
    floodOutput += text;
  });
  await sleep(2_000); // until the flood has started
  const flooded = summary(await execute(port, goodPerSecond, goodSockets, good));
  await floodEnded;
  print({
    idle,
    flooded,
    garbage: JSON.parse(floodOutput),
    ratioOfP99: Math.round((flooded.p99Ms / idle.p99Ms) * 100) / 100,
    spotifyCalls: sandbox.calls().length - before,
  });
  server.kill('SIGKILL');
  await sandbox.close();
}

await (url === undefined ? run() : sendGarbage(Number(url)));
