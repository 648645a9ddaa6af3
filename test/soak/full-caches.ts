import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { createCatalogue, startSandbox } from '../../src/sandbox/index.ts';
import { repeated } from '../support/abuse.ts';
import { hostileRequests } from '../support/hostile-documents.ts';
import { upstreamOf } from '../support/process.ts';

/**
 * Runs the built gateway, with the memory limit of `npm start`, while all its caches are full: documents, entries and
 * whole responses. 64 connections request large responses, and one request in twenty is hostile. SOAK_MINUTES is the
 * duration, by default 10. Ends with code 1 if memory exceeds its bounds, the process ends, or a response is a server
 * error. Growth is checked only in runs of five minutes or more, because the heap takes minutes to reach its size.
 */

const { SOAK_MINUTES = '10' } = process.env;
const lengthMs = Number(SOAK_MINUTES) * 60_000;
const fillRequests = 3_000; // each a new album and a new document: more than the caches can store
const fillConnections = 4;
const pauseMs = 200; // after a 503
const sampleMs = lengthMs / 24;
const connections = 64;
const hostileEvery = 20;
const hostileCount = 4_000;
const artists = 500; // some 12,000 albums, of which the cache of entries can store a few thousand
const rssGrowth = 0.1;
const growthFromMs = 5 * 60_000;
const maxRssMb = 450; // 256 MB of old space, and the memory outside of it

const serverFile = fileURLToPath(new URL('../../dist/server.js', import.meta.url));
const say = (text: string) => process.stdout.write(`${text}\n`);

const catalogue = createCatalogue(artists);
const albums = catalogue.albums().map(({ id }) => id);
const idOfAlbum = (n: number) => albums[n % albums.length];

const albumPage =
  'query ($id: ID!) { album(id: $id) { ...A tracks(first: 50) { nodes { id name durationMs } } } }';
const albumFields =
  'fragment A on Album { id name albumType images { url width height } artists { id name } }';
const albumList = `search(q: "the") { albums(first: 100) { edges { node { ...A ${repeated('n#: name', 40)} } } } }`;

const albumRequest = (n: number, comment = '') =>
  JSON.stringify({ query: `${albumPage} ${albumFields} ${comment}`, variables: { id: idOfAlbum(n) } });

/** Of four requests one reads an album that is not cached, two have large responses, and one reads several albums. */
function bodyOf(n: number): string {
  const round = Math.floor(n / 4);
  switch (n % 4) {
    case 0:
      return albumRequest(fillRequests + round);
    case 1:
      return JSON.stringify({ query: `{ ${albumList} } ${albumFields} # ${round}` });
    case 2:
      return JSON.stringify({ query: `{ a${round % 200}: ${albumList} } ${albumFields}` });
    default:
      return JSON.stringify({
        query: `query ($ids: [ID!]!) { albums(ids: $ids) { ...A } } ${albumFields}`,
        variables: { ids: Array.from({ length: 20 }, (_, i) => idOfAlbum(round - i + albums.length)) },
      });
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: connections });

/** @returns the status; the body is read and dropped */
function send(port: number, path: string, body: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const options = { host: '127.0.0.1', port, path, agent, headers, method: body === '' ? 'GET' : 'POST' };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      response.on('error', reject);
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function startGateway(environment: Readonly<Record<string, string>>) {
  const flags = ['--max-old-space-size=256', '--max-semi-space-size=16'];
  const server = spawn(process.execPath, [...flags, serverFile], {
    env: { PATH: process.env['PATH'], PORT: '0', LOG_LEVEL: 'fatal', DATA_DIR: 'none', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const text of server.stdout.setEncoding('utf8')) {
    const [, port] = /:(\d+)\/graphql/.exec(String(text)) ?? [];
    if (port) return { server, port: Number(port) };
  }
  throw new Error('the gateway ended before it listened');
}

function rssMbOf({ pid }: ChildProcess): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1_000);
}

/** Fills the caches, then sends on all connections until the time is over. @returns the violations */
async function load(server: ChildProcess, port: number): Promise<string[]> {
  const hostile = fc.sample(hostileRequests, { numRuns: hostileCount, seed: 1 });
  const statuses: Record<number, number> = {};
  const wrong: string[] = [];
  const samples: { atMs: number; rssMb: number }[] = [];
  let startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  let sent = 0;

  async function one(n: number): Promise<void> {
    const bad = n % hostileEvery === 0 ? hostile[(n / hostileEvery) % hostileCount] : undefined;
    const body = bad?.body ?? (n < fillRequests ? albumRequest(n, `#${n}`) : bodyOf(n));
    const status = await send(port, bad?.get ? `/graphql?${bad.get}` : '/graphql', body);
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status === 503) await sleep(pauseMs);
    else if (![200, 400, 413].includes(status)) wrong.push(`status ${status}: ${bad?.title() ?? body}`);
  }

  async function client(goesOn: () => boolean): Promise<void> {
    while (goesOn() && server.exitCode === null && wrong.length < 10) {
      await one(sent++).catch((error) => wrong.push(String(error)));
    }
  }

  const clients = (count: number, goesOn: () => boolean) =>
    Promise.all(Array.from({ length: count }, () => client(goesOn)));

  await clients(fillConnections, () => sent < fillRequests);
  say(`caches filled after ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`);
  startedMs = performance.now();
  const sampling = setInterval(() => {
    if (server.exitCode !== null) return;
    const sample = { atMs: elapsedMs(), rssMb: rssMbOf(server) };
    samples.push(sample);
    say(
      `second ${(sample.atMs / 1_000).toFixed(0)}: ${sample.rssMb} MB, ${sent} requests, ${JSON.stringify(statuses)}`,
    );
  }, sampleMs);
  await clients(connections, () => elapsedMs() < lengthMs);
  clearInterval(sampling);
  return [
    ...wrong,
    ...grown(samples),
    ...(server.exitCode === null ? [] : [`the gateway ended with ${server.exitCode}`]),
  ];
}

/** Garbage makes samples differ by a third, so the peaks of both halves are compared. */
function grown(samples: readonly { atMs: number; rssMb: number }[]): string[] {
  const peak = (half: (typeof samples)[number][]) => Math.max(...half.map(({ rssMb }) => rssMb));
  const first = peak(samples.filter(({ atMs }) => atMs < lengthMs / 2));
  const second = peak(samples.filter(({ atMs }) => atMs >= lengthMs / 2));
  say(`RSS: at most ${first} MB in the first half, ${second} MB in the second half`);
  const hasGrown = lengthMs >= growthFromMs && second > first * (1 + rssGrowth);
  return [
    ...(hasGrown ? [`RSS grew from ${first} MB to ${second} MB`] : []),
    ...(Math.max(first, second) > maxRssMb ? [`RSS is above ${maxRssMb} MB`] : []),
  ];
}

const sandbox = await startSandbox({ catalogue });
await catalogue.prepareSearch(['album']);
const { server, port } = await startGateway(upstreamOf(sandbox));
const ended = once(server, 'exit');
say(`full caches: ${connections} connections for ${SOAK_MINUTES} min`);
const found = await load(server, port);
for (const violation of found) say(`BROKEN: ${violation}`);
say(
  found.length === 0
    ? 'full caches: every bound was kept'
    : `full caches: ${found.length} bounds were broken`,
);
process.exitCode = found.length === 0 ? 0 : 1;
agent.destroy();
server.kill('SIGKILL');
await ended;
await sandbox.close();
