import { load } from './load.js';
import { percentile } from './statistics.js';

/** Measures one target with one kind of request for a short time: latencies, CPU time, memory and calls. */
export async function sample({ server, upstream, nextBody, ...loadOptions }) {
  await upstream.request('calls');
  const before = await server.request('usage');
  const { latencies, refused, seconds } = await load(server.origin, nextBody, loadOptions);
  const after = await server.request('usage');
  const { token: _, ...families } = await upstream.request('calls');
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
 * Measures targets in turn, so that other load of the machine affects all of them. Each is warmed up first.
 * @param entries `{ name, server, nextBody }`
 * @returns by target its samples, one a round
 */
export async function interleave(entries, { upstream, rounds, warmUp, ...loadOptions }) {
  const samples = Object.fromEntries(entries.map(({ name }) => [name, []]));
  for (const { server, nextBody } of entries) {
    await load(server.origin, nextBody, { connections: loadOptions.connections, ...warmUp });
  }
  for (let round = 0; round < rounds; round++) {
    // The order rotates, because the first target of a round has the cooler processor and the colder caches.
    const order = entries.map((_, i) => entries[(i + round) % entries.length]);
    for (const { name, server, nextBody } of order) {
      samples[name].push(await sample({ server, upstream, nextBody, ...loadOptions }));
    }
  }
  return samples;
}
