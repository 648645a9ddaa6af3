import { setTimeout as pause } from 'node:timers/promises';
import { connect, load } from './load.js';
import { heldBy } from './measure.js';
import { interleave, sample } from './sample.js';
import { withServer, withServers } from './servers.js';
import { median } from './statistics.js';
import { createTraffic } from './traffic.js';

/** What happens once in a while: a start, a rush, a quiet minute, a second worker. */

const name = 'Q2';
const idleMs = 60_000;
const rush = 256;
const usualConnections = 32;

/** Milliseconds from the start of the process to its first answer, and the memory that it has by then. */
export async function measureStarts({ contestants, upstream, mode, rounds }) {
  const traffic = createTraffic();
  const starts = Object.fromEntries(contestants.map(({ name: who }) => [who, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      const { name: who, dialect } = contestant;
      const body = traffic.cold('Q1', dialect?.createRequestOf(mode))();
      const figures = await withServer(contestant, upstream, mode, {}, async ({ origin, startedMs, ask }) => {
        const client = connect(origin);
        await client.ask(body);
        const firstAnswerMs = performance.now() - startedMs;
        await client.close();
        const { rss, heapUsed } = await ask('usage');
        return { firstAnswerMs, rss, heapUsed };
      });
      starts[who].push(figures);
    }
  }
  return starts;
}

/** Many clients at once: nobody may wait much longer than the others. */
export const measureRush = ({ contestants, upstream, mode, effort }) =>
  withWarm({ contestants, upstream, mode, effort }, (entries) =>
    interleave(entries, { upstream, connections: rush, ...effort, warmUp: { seconds: effort.seconds } }),
  );

/** The first second after a minute without a request, as a share of the second before it. */
export const measureIdle = ({ contestants, upstream, mode, effort }) =>
  withWarm({ contestants, upstream, mode, effort }, async (entries) => {
    const howMuch = { connections: usualConnections, seconds: 1 };
    const before = await interleave(entries, { upstream, rounds: 3, warmUp: howMuch, ...howMuch });
    await pause(idleMs);
    const shares = {};
    for (const { who, server, nextBody } of entries) {
      const after = await sample({ server, upstream, nextBody, ...howMuch });
      shares[who] = { share: after.rate / median(before[who].map(({ rate }) => rate)), rss: after.rss };
    }
    return shares;
  });

/**
 * What two workers answer on two cores, as a multiple of what one does on one. The clients need a core as well, so
 * what is compared is the CPU time of an answer: two workers that take no more of it for each have twice the rate.
 * @returns null where no system tells the CPU time of other processes
 */
export async function measureWorkers({ ours, upstream, mode, effort }) {
  if (process.platform !== 'linux') return null;
  const micros = { 1: [], 2: [] };
  const traffic = createTraffic();
  const howMuch = { connections: usualConnections, seconds: 2 + effort.seconds };
  for (let round = 0; round < effort.rounds; round++) {
    for (const workers of Object.keys(micros)) {
      const settings = { env: { WEB_CONCURRENCY: workers }, cores: 'any' };
      await withServer(ours, upstream, mode, settings, async ({ origin, ask }) => {
        // Two workers have to run in with half of the requests each, and by many loads: each connects anew, and
        // the first one finds a single worker that is there already.
        for (let second = 0; second < 2 * effort.warmUpCpuSeconds; second++) {
          await load(origin, traffic.hot(name), { connections: usualConnections, seconds: 1 });
        }
        const before = await ask('usage');
        const { latencies } = await load(origin, traffic.hot(name), howMuch);
        const after = await ask('usage');
        micros[workers].push((after.cpuMicros - before.cpuMicros) / latencies.length);
      });
    }
  }
  return 2 * median(micros[1].map((one, i) => one / micros[2][i]));
}

/** Servers that have run in, with what the warm requests ask for held by ours. */
function withWarm({ contestants, upstream, mode, effort }, use) {
  return withServers(contestants, upstream, mode, async (servers) => {
    const cursors = await heldBy(servers.ours, name);
    const traffic = createTraffic();
    const entries = Object.entries(servers).map(([who, server]) => ({
      who,
      server,
      nextBody: traffic.warm(name, cursors),
    }));
    for (const { server, nextBody } of entries) {
      const howMuch = { connections: usualConnections, seconds: effort.warmUpCpuSeconds };
      await load(server.origin, nextBody, howMuch);
    }
    return use(entries);
  });
}
