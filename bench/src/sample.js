import { load } from './load.js';
import { percentile } from './statistics.js';

/** One contestant under one kind of request for a short time, and what it used of the machine and of Spotify. */
export async function sample({ server, upstream, nextBody, ...howMuch }) {
  await upstream.ask('calls');
  const before = await server.ask('usage');
  const { latencies, refused, seconds } = await load(server.origin, nextBody, howMuch);
  const after = await server.ask('usage');
  const { token: _, ...families } = await upstream.ask('calls');
  const cpuMicros = after.cpuMicros - before.cpuMicros;
  const count = latencies.length;
  return {
    rate: count / seconds,
    cpuMicros: cpuMicros / count,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    calls: Object.values(families).reduce((sum, calls) => sum + calls, 0) / count,
    busy: cpuMicros / seconds / 1e6,
    rss: after.rss,
    refused: refused / (count + refused),
  };
}

/**
 * Contestants by turns, so that what else the machine does hits all of them. Each runs in before it counts.
 * @param entries `{ who, server, nextBody }`
 * @returns by contestant its samples, one a round
 */
export async function interleave(entries, { upstream, rounds, warmUp, ...howMuch }) {
  const samples = Object.fromEntries(entries.map(({ who }) => [who, []]));
  for (const { server, nextBody } of entries) {
    await load(server.origin, nextBody, { connections: howMuch.connections, ...warmUp });
  }
  for (let round = 0; round < rounds; round++) {
    // Whoever goes first has the cooler processor and the colder caches: everybody does in turn.
    const order = entries.map((_, i) => entries[(i + round) % entries.length]);
    for (const { who, server, nextBody } of order) {
      samples[who].push(await sample({ server, upstream, nextBody, ...howMuch }));
    }
  }
  return samples;
}
