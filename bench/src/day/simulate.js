import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { environment } from '../contestants.js';
import { start } from '../process.js';
import { createClock } from './clock.js';
import { visitOutcome } from './outcome.js';
import { stepMinutes, stepsPerDay } from './visits.js';

/** Runs one contestant through all visits, in front of a Spotify of its own. */

const noon = stepsPerDay / 2;
const quietMs = 4; // without a new call: background work has ended
const millisecondsPerDay = 86_400_000;

/**
 * @param settings `steps` (arrays of visits), `limits` (calls a day by family), `processes`, `catalogue`,
 * `startSandbox`
 * @returns `outcomes` per step, `calls` and `rejected` by family, and `lost`: visits that lack data although the same
 * server had it before
 */
export async function simulate(contestant, { steps, limits, processes, catalogue, startSandbox }) {
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
    ...contestant.environment({ dataDir, limits }),
    ...clock.environment,
  };
  const startAll = () =>
    Promise.all(
      Array.from({ length: processes }, () => start(contestant.server.args, { env: settings, cores: 'any' })),
    );

  const calls = {};
  const rejected = {};
  const cursors = new Map();
  const had = new Set();
  const lost = [];
  const outcomes = [];
  let servers = await startAll();

  async function visit(each, place, n, counts) {
    const { origin } = servers[place % processes];
    const outcome = await visitOutcome(origin, each, cursors);
    counts[outcome] += 1;
    const isWhole = outcome === 'full' || outcome === 'stale';
    if (isWhole) had.add(each.key);
    else if (had.has(each.key)) lost.push({ step: n, key: each.key, outcome });
  }

  async function step(visits, n) {
    const counts = { full: 0, stale: 0, part: 0, none: 0 };
    // Visits to different artists go side by side, which saves time; those to one artist go one after the other.
    const places = visits.map((each, i) => ({ each, place: n * visits.length + i }));
    const byArtist = groupByArtist(places);
    await Promise.all(
      Array.from(byArtist.values(), async (group) => {
        for (const { each, place } of group) await visit(each, place, n, counts);
      }),
    );
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
      clock.advance(stepMinutes * 60);
    }
    return { outcomes, calls, rejected, lost };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await sandbox.close();
    clock.dispose();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function groupByArtist(places) {
  const groups = new Map();
  for (const place of places) {
    const { artist } = place.each;
    groups.set(artist, [...(groups.get(artist) ?? []), place]);
  }
  return groups;
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
