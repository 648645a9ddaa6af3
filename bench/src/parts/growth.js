import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../load.js';
import { requestOf } from '../operations.js';
import { withServer } from '../servers.js';
import { percentile } from '../statistics.js';
import { artistId, seedOf } from '../upstream/ids.js';

/** How time and memory of the gateway grow with the data. One client, an upstream beside it, an app in extended mode. */

const albumCounts = [10, 100, 250, 500, 750, 1_000];
const idCounts = [1, 10, 25, 50, 75, 100];
const entryCounts = [1_000, 10_000, 50_000, 100_000, 150_000, 200_000];
const processCounts = [1, 2, 4, 8];
const settings = { env: { MAX_UPSTREAM_CALLS: '1000', MAX_ANSWER_FIELDS: '1000000' } };
const idsPerRequest = 100;
let nextSeed = 5_000_000;

const megabytes = (bytes) => bytes / 1e6;

/** @returns for each of the four measures its points: `{ x, … }` with milliseconds and megabytes */
export async function measureGrowth({ upstream, mode, ours, say, scale = 1 }) {
  const collected = { ...ours, args: ['--expose-gc', ...ours.args] };
  const shared = { upstream, mode, ours: collected, scale };
  const results = {};
  for (const [name, measure] of Object.entries({ albums, artists, entries, processes })) {
    results[name] = await measure(shared);
    say(`growth, ${name}: ${JSON.stringify(results[name])}`);
  }
  return results;
}

async function timed(use) {
  const startMs = performance.now();
  const result = await use();
  return { ms: performance.now() - startMs, result };
}

/** Reads whole lists, 100 albums a request: milliseconds of a list that is not cached and of one that is. */
async function albums({ upstream, mode, ours, scale }) {
  const artistsEach = Math.max(3, 20 * scale);
  const points = [];
  for (const x of albumCounts) {
    await upstream.request('albums', { perArtist: x });
    points.push(
      await withClient({ upstream, mode, ours }, async ({ execute, server }) => {
        for (let i = 0; i < artistsEach; i++) await walk(execute, seedOf(nextSeed++)); // compiles
        const before = await server.request('usage');
        const seeds = Array.from({ length: artistsEach }, () => seedOf(nextSeed++));
        const cold = await repeat(seeds, (seed) => walk(execute, seed));
        const after = await server.request('usage');
        const warm = await repeat(seeds, (seed) => walk(execute, seed, { nonce: '1' }));
        return {
          x,
          coldMs: cold,
          warmMs: warm,
          megabytes:
            megabytes(after.heapUsed + after.external - before.heapUsed - before.external) / artistsEach,
        };
      }),
    );
  }
  await upstream.request('albums', { perArtist: 120 });
  return points;
}

async function walk(execute, seed, extra = {}) {
  for (let after; ; ) {
    const { data } = await execute(requestOf('Q3', [seed], { ...extra, ...(after && { after }) }));
    const { hasNextPage, endCursor } = data.artist.albums.pageInfo;
    if (!hasNextPage) return;
    after = endCursor;
  }
}

/** One request for some artists with 5 albums each. */
const artists = ({ upstream, mode, ours, scale }) =>
  withClient({ upstream, mode, ours }, async ({ execute, server }) => {
    const repeats = Math.max(3, 20 * scale);
    const body = (seeds, nonce) => requestOf('Q4', seeds, { nonce });
    const someSeeds = (count) => Array.from({ length: count }, () => seedOf(nextSeed++));
    for (let i = 0; i < repeats * 5; i++) await execute(body(someSeeds(20), '0'));
    const points = [];
    for (const x of idCounts) {
      const groups = Array.from({ length: repeats }, () => someSeeds(x));
      const cold = await repeat(groups, (seeds) => execute(body(seeds, '0')));
      const warm = await repeat(groups, (seeds) => execute(body(seeds, '1')));
      points.push({
        x,
        coldMs: cold,
        warmMs: warm,
        megabytes: megabytes((await server.request('usage')).rss),
      });
    }
    return points;
  });

/** A cache that fills with artists: milliseconds of a cached artist that is requested at random, and the memory. */
const entries = ({ upstream, mode, ours, scale }) =>
  withClient({ upstream, mode, ours }, async ({ execute, server }) => {
    const first = nextSeed;
    const document = 'query Fill($ids: [ID!]!) { artists(ids: $ids) { id name } }';
    const points = [];
    let filled = 0;
    for (const x of entryCounts.map((count) => count * Math.min(1, scale))) {
      for (; filled < x; filled += idsPerRequest) {
        const ids = Array.from({ length: idsPerRequest }, (_, i) => artistId(seedOf(first + filled + i)));
        await execute(JSON.stringify({ query: document, variables: { ids } }));
      }
      nextSeed = first + filled;
      await upstream.request('calls');
      const seeds = Array.from({ length: 500 }, () => seedOf(first + Math.floor(Math.random() * filled)));
      const readMs = await repeat(seeds, (seed) => execute(requestOf('Q1', [seed])));
      const calls = (await upstream.request('calls')).artists ?? 0;
      const { heapUsed, external, rss } = await server.request('usage');
      points.push({
        x,
        readMs,
        callsPerRead: calls / seeds.length,
        heapMegabytes: megabytes(heapUsed + external),
        megabytes: megabytes(rss),
      });
    }
    return points;
  });

/** Processes on one DATA_DIR: each artist is requested from one process, and then from the next one. */
async function processes({ upstream, mode, ours, scale }) {
  const points = [];
  for (const x of processCounts) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-shared-'));
    const shared = { env: { ...settings.env, DATA_DIR: folder }, cores: 'any' };
    try {
      points.push(
        await withProcesses(x, { ours, upstream, mode, shared }, (servers) =>
          passOn(servers, x, upstream, scale),
        ),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return points;
}

async function passOn(servers, x, upstream, scale) {
  const clients = servers.map(({ origin }) => connect(origin));
  const seeds = Array.from({ length: Math.max(20, 200 * scale) }, () => seedOf(nextSeed++));
  for (const { execute } of clients)
    for (let i = 0; i < 100 * scale; i++) await execute(requestOf('Q2', [seedOf(nextSeed++)]));
  await upstream.request('calls');
  const at = (offset) =>
    repeat([...seeds.keys()], (i) =>
      clients[(i + offset) % x].execute(requestOf('Q2', [seeds[i]], { nonce: String(offset) })),
    );
  const coldMs = await at(0);
  const sharedMs = await at(1);
  const { token: _, ...families } = await upstream.request('calls');
  const calls = Object.values(families).reduce((sum, each) => sum + each, 0);
  const usages = await Promise.all(servers.map((server) => server.request('usage')));
  await Promise.all(clients.map(({ close }) => close()));
  return {
    x,
    coldMs,
    sharedMs,
    calls: calls / seeds.length,
    megabytes: usages.reduce((sum, { rss }) => sum + megabytes(rss), 0),
  };
}

function withProcesses(count, how, use, running = []) {
  if (count === 0) return use(running);
  return withServer(how.ours, how.upstream, how.mode, how.shared, (server) =>
    withProcesses(count - 1, how, use, [...running, server]),
  );
}

const withClient = ({ upstream, mode, ours }, use) =>
  withServer(ours, upstream, mode, settings, async (server) => {
    const { execute, close } = connect(server.origin);
    try {
      return await use({ execute, server });
    } finally {
      await close();
    }
  });

/** @returns the median of the milliseconds */
async function repeat(items, use) {
  const all = [];
  for (const item of items) all.push((await timed(() => use(item))).ms);
  return percentile(all, 0.5);
}
