import { setTimeout as pause } from 'node:timers/promises';
import { inTurn } from '../alone.js';
import { connect, load } from '../load.js';
import { sample } from '../sample.js';
import { withServer } from '../servers.js';
import { median } from '../statistics.js';
import { createTraffic } from '../traffic.js';
import { cursorsOfFilledCache, usualConnections, warmUp } from '../warm-up.js';

/** Rare events: a start, a minute without requests, a second worker. */

const name = 'Q2';
const idleMs = 60_000;

/** Milliseconds from the start of the process until it listens and until its first response, and the memory then. */
export function measureStarts({ targets, upstream, mode, rounds, say }) {
  const traffic = createTraffic();
  return inTurn({ targets, upstream, mode, rounds, say }, async ({ target, server, put }) => {
    const { origin, startedMs, listeningMs, request } = server;
    const { rss: idleRss } = await request('usage');
    const sentMs = performance.now();
    const client = connect(origin);
    await client.execute(traffic.cold('Q1', target.dialect?.createRequestOf(mode))());
    const responseMs = performance.now() - sentMs;
    await client.close();
    const { rss, heapUsed } = await request('usage');
    const startMs = listeningMs - startedMs;
    put(['starts'], { startMs, firstResponseMs: startMs + responseMs, idleRss, rss, heapUsed });
  });
}

/** The first second after a minute without a request, as a share of the second before it. */
export function measureIdle({ ours, upstream, mode, effort }) {
  return withServer(ours, upstream, mode, {}, async (server) => {
    const traffic = createTraffic();
    await warmUp(server, [name], traffic.cold, effort.warmUpCpuSeconds / 2);
    const nextBody = traffic.warm(name, await cursorsOfFilledCache(server, name));
    const loadOptions = { server, upstream, nextBody, connections: usualConnections, seconds: 1 };
    const before = [];
    for (let i = 0; i < 4; i++) before.push((await sample(loadOptions)).rate);
    await pause(idleMs);
    const { rate, rss } = await sample(loadOptions);
    return { share: rate / median(before.slice(1)), rss };
  });
}

/**
 * The rate of two workers on two cores, as a multiple of the rate of one worker on one core. The clients need a core as well,
 * so the CPU time of a response is compared: two workers with the same CPU time for each response have twice the rate.
 * @returns null on systems that do not report the CPU time of other processes
 */
export async function measureWorkers({ ours, upstream, mode, effort }) {
  if (process.platform !== 'linux') return null;
  const micros = { 1: [], 2: [] };
  const traffic = createTraffic();
  const loadOptions = { connections: usualConnections, seconds: 2 + effort.seconds };
  for (let round = 0; round < effort.rounds; round++) {
    for (const workers of Object.keys(micros)) {
      const settings = { env: { WEB_CONCURRENCY: workers }, cores: 'any' };
      await withServer(ours, upstream, mode, settings, async ({ origin, request }) => {
        // Each of two workers gets half of the requests of a warm-up. Many loads, because each connects anew: while
        // only one worker listens, it gets all connections.
        for (let second = 0; second < effort.warmUpCpuSeconds; second++) {
          await load(origin, traffic.hot(name), { connections: usualConnections, seconds: 1 });
        }
        const before = await request('usage');
        const { latencies } = await load(origin, traffic.hot(name), loadOptions);
        const after = await request('usage');
        micros[workers].push((after.cpuMicros - before.cpuMicros) / latencies.length);
      });
    }
  }
  return 2 * median(micros[1].map((one, i) => one / micros[2][i]));
}
