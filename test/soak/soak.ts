import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../src/config.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import type { FaultRule } from '../../src/sandbox/index.ts';
import { violations } from '../support/fault-invariants.ts';
import {
  album,
  albumTracks,
  artist,
  artistAlbums,
  artistId,
  artists,
  fixtures,
  type Operation,
  search,
  track,
  trackId,
  tracks,
} from '../support/fault-operations.ts';
import { execute, type Outcome } from '../support/fault-responses.ts';
import { resources } from '../support/fault-traces.ts';
import { measureMachineLoad } from '../support/machine-load.ts';
import { silentLog } from '../support/silent-log.ts';

/**
 * Sends 50 operations a second to the gateway while every kind of fault affects one call in twenty, and the Premium
 * subscription lapses at times: its memory, sockets and timers must not grow. SOAK_MINUTES is the duration, by default 30.
 * Ends with code 1 if a bound is violated.
 */

const { SOAK_MINUTES = '30' } = process.env;
const minutes = Number(SOAK_MINUTES);
const lengthMs = minutes * 60_000;
const perSecond = 50;
const chance = 0.05;
const callsBetweenLapses = 20_000;
const leaveShare = 0.05; // of clients that leave before their response
const deadlineMs = 8_000;
const settleMs = 1_000;

// Until then code is compiled and caches fill.
const settledMs = Math.min(5 * 60_000, lengthMs / 3);
const sampleMs = Math.max(2_000, Math.min(60_000, lengthMs / 12));
const heapGrowth = 0.05;
const rssGrowth = 0.1;

const megabyte = 1_000_000;

/** Faults of the Web API: rules without `on` do not apply to the token endpoint. */
const faults: readonly FaultRule[] = (
  [
    { kind: 'delay', ms: 500 },
    { kind: 'answer', status: 500 },
    { kind: 'answer', status: 502, text: '<h1>Bad gateway</h1>' },
    { kind: 'answer', status: 503 },
    { kind: 'answer', status: 408 },
    // With a message, because a 400 without one lowers page sizes, and then case P22-ceiling loses tracks.
    { kind: 'answer', status: 400, json: { error: { status: 400, message: 'Bad request.' } } },
    { kind: 'answer', status: 409 },
    { kind: 'answer', status: 403, json: { error: { status: 403, message: 'Insufficient client scope' } } },
    { kind: 'rate-limit', retryAfterSeconds: 1 },
    { kind: 'unauthorized', reason: 'expired' },
    { kind: 'unauthorized', reason: 'user' },
    { kind: 'redirect', to: 'http://foreignHost.invalid/' },
    { kind: 'answer', status: 200, text: '<html></html>' },
    { kind: 'answer', status: 200, text: '{"id": "4' },
    { kind: 'answer', status: 200, text: '' },
    { kind: 'reset' },
    { kind: 'reset', afterBytes: 100 },
    { kind: 'truncate', afterBytes: 100 },
    { kind: 'stall' },
    { kind: 'drip', bytes: 1, everyMs: 100 },
    { kind: 'oversize', megabytes: 3 },
    { kind: 'oversize', megabytes: 30, gzip: true },
    { kind: 'edit', edits: [{ path: 'unheard_of', set: { of: [1] } }] },
  ] satisfies FaultRule['fault'][]
).map((fault, i) => ({ fault, chance, seed: `soak ${i}` }));

/** Stops all calls but one a minute, until a call succeeds: it affects few calls, so that the others are sent. */
const premiumLapse: FaultRule = {
  fault: { kind: 'premium-lapsed' },
  skip: callsBetweenLapses,
  every: callsBetweenLapses,
};

const onToken: readonly FaultRule[] = (
  [
    { kind: 'answer', status: 500 },
    { kind: 'reset' },
    { kind: 'delay', ms: 1_000 },
  ] satisfies FaultRule['fault'][]
).map((fault, i) => ({ on: { route: 'token' }, fault, chance, seed: `soak token ${i}` }));

/** Operations on so few objects that all are cached before the first sample counts. */
const kinds: readonly ((n: number) => Operation)[] = [
  (n) => artist(n % 40),
  (n) => album(n % 40),
  (n) => track(n % 40),
  (n) => artists([artistId(n % 40), artistId((n + 1) % 40)]),
  (n) => tracks([trackId(n % 40), trackId((n + 1) % 40)]),
  (n) => artistAlbums(n % 20, { first: 20 }),
  (n) => artistAlbums(fixtures.artists.bts, { first: n % 100 }),
  (n) => albumTracks(fixtures.albums.tracks130, { first: n % 100 }),
  (n) => search(['amber', 'garden', 'velvet'][n % 3] ?? 'paper'),
];
const operationAt = (n: number): Operation =>
  (kinds[n % kinds.length] ?? artist)(Math.floor(n / kinds.length));

interface Sample {
  atMs: number;
  heap: number;
  rss: number;
  sockets: number;
  timers: number;
  sent: number;
  ok: number;
  p99Ms: number;
}

interface Window {
  times: number[];
  ok: number;
}

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Starts the sandbox in its own process, so that its memory does not count. */
async function startUpstream(): Promise<{ child: ChildProcess; origin: string }> {
  const main = fileURLToPath(new URL('../../src/sandbox/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const text of child.stdout.setEncoding('utf8')) {
    const [, origin] = /(http:\/\/127\.0\.0\.1:\d+)\/v1/.exec(String(text)) ?? [];
    if (origin) return { child, origin };
  }
  throw new Error('the sandbox ended before it listened');
}

async function setFaults(origin: string, rules: readonly FaultRule[]): Promise<void> {
  const url = `${origin}/sandbox/faults`;
  await (await fetch(url, { method: 'DELETE' })).text();
  if (rules.length === 0) return;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(rules) });
  if (!response.ok) throw new Error(`the sandbox rejects the faults: ${await response.text()}`);
  await response.text();
}

function startGateway(origin: string): Gateway {
  const config = readConfig({
    SPOTIFY_API_URL: `${origin}/v1`,
    SPOTIFY_TOKEN_URL: `${origin}/api/token`,
    SPOTIFY_CLIENT_ID: 'sandbox-client',
    SPOTIFY_CLIENT_SECRET: 'sandbox-secret',
    DATA_DIR: 'none',
    CACHE_TTL_SECONDS: '2', // so that there are calls to fail
    SPOTIFY_RATE_LIMIT: '100000', // the limit that 429 responses teach would stop nearly all calls
  });
  return createGateway(config.gateway, silentLog);
}

/** Twice, because the second collection frees the objects that the first one finalizes. */
async function collectGarbage(): Promise<void> {
  if (!globalThis.gc) throw new Error('run with --expose-gc');
  globalThis.gc();
  await sleep(50);
  globalThis.gc();
}

const count = (name: string): number => resources().get(name) ?? 0;

async function takeSample(startedMs: number, { times, ok }: Window): Promise<Sample> {
  await collectGarbage();
  const { heapUsed: heap, rss } = process.memoryUsage();
  times.sort((one, other) => one - other);
  return {
    atMs: performance.now() - startedMs,
    heap,
    rss,
    sockets: count('TCPSocketWrap'),
    timers: count('Timeout'),
    sent: times.length,
    ok,
    p99Ms: times[Math.ceil(times.length * 0.99) - 1] ?? 0,
  };
}

function print(samples: readonly Sample[]): void {
  const cells = ['second', 'heap MB', 'RSS MB', 'sockets', 'timers', 'sent', 'ok', 'p99 ms'];
  say(`| ${cells.join(' | ')} |\n| ${cells.map(() => '---:').join(' | ')} |`);
  for (const { atMs, heap, rss, sockets, timers, sent, ok, p99Ms } of samples) {
    const numbers = [
      (atMs / 1000).toFixed(0),
      (heap / megabyte).toFixed(1),
      (rss / megabyte).toFixed(0),
      sockets,
      timers,
      sent,
      sent === 0 ? '' : `${((100 * ok) / sent).toFixed(1)} %`,
      p99Ms.toFixed(0),
    ];
    say(`| ${numbers.join(' | ')} |`);
  }
}

/** The violations in the samples: growth after the caches have filled, and sockets and timers that are left at the end. */
function broken(samples: readonly Sample[], before: Sample, after: Sample): string[] {
  const found: string[] = [];
  const settled = samples.find(({ atMs }) => atMs >= settledMs - sampleMs / 2);
  const last = samples.at(-1);
  if (!settled || !last) return ['too short to compare anything'];
  const grown = (name: 'heap' | 'rss', limit: number) => {
    const growth = last[name] / settled[name] - 1;
    say(
      `${name}: ${(100 * growth).toFixed(1)} % since second ${(settled.atMs / 1000).toFixed(0)}, ${100 * limit} % allowed`,
    );
    if (growth > limit) found.push(`${name} grew by ${(100 * growth).toFixed(1)} %`);
  };
  grown('heap', heapGrowth);
  grown('rss', rssGrowth);
  for (const name of ['sockets', 'timers'] as const) {
    if (after[name] > before[name]) found.push(`${after[name] - before[name]} ${name} left over`);
  }
  return found;
}

/** Sends so many operations a second until the time is over, and takes samples. */
async function load(gateway: Gateway, samples: Sample[], startedMs: number): Promise<string[]> {
  const wrong: string[] = [];
  const inFlight = new Set<Promise<void>>();
  const machineLoad = measureMachineLoad();
  let window: Window = { times: [], ok: 0 };
  let nextSampleMs = sampleMs;

  function record(outcome: Outcome): void {
    window.times.push(outcome.ms);
    if (outcome.errors.length === 0) window.ok += 1;
    const allowed = { deadlineMs, machineLoad: machineLoad(), sharesToken: true };
    for (const violation of violations(outcome, allowed)) if (wrong.length < 10) wrong.push(violation);
  }

  async function one(n: number): Promise<void> {
    const leaves = n % Math.round(1 / leaveShare) === 0;
    const leaving = new AbortController();
    if (leaves) setTimeout(() => leaving.abort(), n % 200);
    try {
      const outcome = await execute(gateway, operationAt(n), leaving.signal);
      if (!leaves) record(outcome);
    } catch (error) {
      if (!leaves) wrong.push(String(error));
    }
  }

  for (let n = 0; ; n++) {
    const dueMs = (n * 1000) / perSecond;
    const nowMs = performance.now() - startedMs;
    if (nowMs >= lengthMs) break;
    if (nowMs >= nextSampleMs) {
      samples.push(await takeSample(startedMs, window));
      window = { times: [], ok: 0 };
      nextSampleMs += sampleMs;
    }
    if (dueMs > nowMs) await sleep(dueMs - nowMs);
    const operation = one(n).finally(() => inFlight.delete(operation));
    inFlight.add(operation);
  }
  await Promise.all(inFlight);
  samples.push(await takeSample(startedMs, window));
  return wrong;
}

async function soak(): Promise<string[]> {
  const unhandled: string[] = [];
  process.on('unhandledRejection', (reason) => unhandled.push(`unhandled: ${String(reason)}`));
  process.on('warning', (warning) => unhandled.push(`warning: ${warning.message}`));
  const { child, origin } = await startUpstream();
  try {
    await setFaults(origin, [premiumLapse, ...faults, ...onToken]);
    await sleep(settleMs);
    const before = await takeSample(performance.now(), { times: [], ok: 0 });
    const startedMs = performance.now();
    const gateway = startGateway(origin);
    const samples: Sample[] = [];
    const wrong = await load(gateway, samples, startedMs);
    await gateway.dispose();
    await sleep(settleMs);
    const after = await takeSample(startedMs, { times: [], ok: 0 });
    print([...samples, after]);
    return [...broken(samples, before, after), ...wrong, ...unhandled];
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

say(
  `soak: ${perSecond} operations a second for ${minutes} min, ${100 * chance} % of each of ${faults.length} faults`,
);
const found = await soak();
for (const violation of found) say(`BROKEN: ${violation}`);
say(found.length === 0 ? 'soak: every bound was kept' : `soak: ${found.length} bounds were broken`);
process.exitCode = found.length === 0 ? 0 : 1;
