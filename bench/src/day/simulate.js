import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { start } from '../process.js';
import { environment } from '../targets.js';
import { createClock } from './clock.js';
import { visitOutcome } from './outcome.js';
import { stepMinutes, stepsPerDay } from './visits.js';

/** Sends all visits to one target, in front of its own sandbox. */

const noon = stepsPerDay / 2;
const wakeRounds = 6;
const quietMs = 2; // without a new call: background work has ended
const millisecondsPerDay = 86_400_000;

/**
 * @param settings `steps` (arrays of visits), `limits` (calls a day by family), `processes`, `catalogue`,
 * `startSandbox`
 * @returns `outcomes` per step, `calls` and `rejected` by family, and `lost`: visits that lack data although the same
 * server had it before
 */
export async function simulate(target, { steps, limits, processes, catalogue, startSandbox, node }) {
  const clock = createClock();
  const dataDir = mkdtempSync(join(tmpdir(), 'day-data-'));
  const sandbox = await startSandbox({
    catalogue,
    dailyLimits: limits,
    preset: 'quota-2026',
    now: clock.now,
    tokenLifetimeSeconds: (2 * steps.length * millisecondsPerDay) / stepsPerDay / 1_000, // peers never renew it
  });
  const settings = {
    ...environment({ origin: new URL(sandbox.apiUrl).origin }, 'development'),
    SPOTIFY_CLIENT_ID: sandbox.clientId,
    SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
    ...target.environment({ dataDir, limits }),
    ...clock.environment,
  };
  const startAll = () =>
    Promise.all(
      Array.from({ length: processes }, () =>
        start(target.server.args, { env: settings, cores: 'any', node }),
      ),
    );

  const calls = {};
  const rejected = {};
  const cursors = new Map();
  const had = new Set();
  const lost = [];
  const outcomes = [];
  let servers = await startAll();

  async function move(seconds) {
    await quiet(sandbox);
    await wake(servers); // each publishes the results of its calls before time passes
    clock.advance(seconds);
    await wake(servers);
  }

  async function step(visits, n) {
    const counts = { full: 0, stale: 0, part: 0, none: 0 };
    for (const [i, visit] of visits.entries()) {
      await move((stepMinutes * 60) / visits.length);
      const { origin } = servers[(n * visits.length + i) % processes];
      const outcome = await visitOutcome(origin, visit, cursors);
      counts[outcome] += 1;
      const isWhole = outcome === 'full' || outcome === 'stale';
      if (isWhole) had.add(visit.key);
      else if (had.has(visit.key)) lost.push({ step: n, key: visit.key, outcome });
    }
    if (visits.length === 0) await move(stepMinutes * 60);
    outcomes.push(counts);
    await quiet(sandbox);
    for (const { route, status } of sandbox.calls()) {
      calls[route] = (calls[route] ?? 0) + 1;
      if (status === 429) rejected[route] = (rejected[route] ?? 0) + 1;
    }
    sandbox.clearCalls();
  }

  try {
    for (const [n, visits] of steps.entries()) {
      if (n % stepsPerDay === noon) {
        await Promise.all(servers.map((server) => server.terminate()));
        servers = await startAll();
      }
      await step(visits, n);
    }
    return { outcomes, calls, rejected, lost };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await sandbox.close();
    clock.dispose();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/**
 * A process looks at its clock when something wakes it, and then runs the timers that are due, such as the one that reads
 * the messages of other processes. A result is published some iterations of the event loop after its call has ended.
 */
async function wake(servers) {
  for (let round = 0; round < wakeRounds; round++)
    await Promise.all(servers.map((server) => server.request('usage')));
}

/** A refresh in the background must not see the clock move while it waits for Spotify. */
async function quiet(sandbox) {
  let seen = -1;
  for (;;) {
    const calls = sandbox.calls();
    if (calls.length === seen && calls.every(({ status }) => status !== null)) return;
    seen = calls.length;
    await pause(quietMs);
  }
}
