import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { inTurn } from '../alone.js';
import { dispatch } from '../dispatch.js';
import { headers, load, path } from '../load.js';
import { percentile } from '../statistics.js';
import { createTraffic } from '../traffic.js';
import { cursorsOfFilledCache, warmUp } from '../warm-up.js';

/** A mix of requests at 70 % of the rate that the server can respond to, and the latency of each class of requests. */

const name = 'Q2';
const shares = { hot: 0.79, warm: 0.15, cold: 0.05, mistake: 0.01 };
const loadShare = 0.7;
const idleRate = 200; // requests a second
const clients = 64;
const sockets = 256;
const millisecondsOfSpotify = 40;
const tickMs = 1;

/** @returns samples by server: the `capacity` in requests a second, and `p50` and `p99` by class, `idle` for hot ones alone */
export async function measureBusy({ upstream, mode, targets, effort, say }) {
  const { rounds, seconds, warmUpCpuSeconds } = effort;
  const ours = targets.filter(({ kind }) => kind === 'ours');
  const results = await inTurn({ targets: ours, upstream, mode, rounds, say }, async ({ server, put }) => {
    const traffic = createTraffic();
    await warmUp(server, [name], traffic.cold, warmUpCpuSeconds / 2);
    const next = classes(traffic, await cursorsOfFilledCache(server, name));
    const mixed = () => next[classAt(Math.random(), false)]();
    await load(server.origin, mixed, { connections: clients, seconds: 1 });
    await upstream.request('latency', { milliseconds: millisecondsOfSpotify });
    const { latencies, seconds: passed } = await load(server.origin, mixed, {
      connections: clients,
      seconds: 2,
    });
    const capacity = latencies.length / passed;
    const idle = await offer(server.origin, { rate: idleRate, seconds: 5, next, classOf: () => 'hot' });
    const busy = await offer(server.origin, {
      rate: capacity * loadShare,
      seconds: 5 * seconds,
      next,
      classOf: () => classAt(Math.random(), true),
    });
    await upstream.request('latency', { milliseconds: 0 });
    put(['busy'], { capacity, idle: idle.hot, ...busy });
  });
  return results.busy ?? {};
}

function classes(traffic, cursors) {
  const mistakes = [
    '{"query":"{ artist(id: "}',
    '{"query":"{ nothing }"}',
    JSON.stringify({ query: '{ artist(id: "no id") { name } }' }),
  ];
  let mistake = 0;
  return {
    hot: traffic.hot(name),
    warm: traffic.warm(name, cursors),
    cold: traffic.cold(name),
    mistake: () => mistakes[mistake++ % mistakes.length],
  };
}

function classAt(random, withMistakes) {
  let left = random * (withMistakes ? 1 : 1 - shares.mistake);
  for (const [each, share] of Object.entries(shares)) {
    left -= share;
    if (left < 0) return each;
  }
  return 'hot';
}

/**
 * Sends requests at a rate that does not depend on the responses, at random times.
 * @returns by class the `p50` and `p99` of the latency in milliseconds, the `count`, and how many were `refused`
 */
async function offer(origin, { rate, seconds, next, classOf }) {
  const pool = new Pool(origin, { connections: sockets });
  const latencies = {};
  const pending = new Set();
  let refused = 0;

  async function send(each) {
    const sentMs = performance.now();
    const { statusCode } = await dispatch(pool, { method: 'POST', path, headers, body: next[each]() });
    if (statusCode === 503) {
      refused += 1;
      return;
    }
    latencies[each] ??= [];
    latencies[each].push(performance.now() - sentMs);
  }

  const startMs = performance.now();
  let dueMs = startMs;
  while (dueMs < startMs + seconds * 1_000) {
    while (dueMs <= performance.now()) {
      const sent = send(classOf()).finally(() => pending.delete(sent));
      pending.add(sent);
      dueMs += (-Math.log(1 - Math.random()) / rate) * 1_000;
    }
    await pause(tickMs);
  }
  await Promise.all(pending);
  await pool.destroy();
  return {
    refused,
    ...Object.fromEntries(
      Object.entries(latencies).map(([each, all]) => [
        each,
        { p50: percentile(all, 0.5), p99: percentile(all, 0.99), count: all.length },
      ]),
    ),
  };
}
