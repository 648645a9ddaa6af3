import { setTimeout as pause } from 'node:timers/promises';
import { inTurn, supported } from '../alone.js';
import { connect, load } from '../load.js';
import { sample } from '../sample.js';
import { withServer } from '../servers.js';
import { createTraffic } from '../traffic.js';
import { warmUp } from '../warm-up.js';

/** Servers that call Spotify over TLS and a distance. The cache of the gateway has nothing of what is requested. */

const millisecondsOfSpotify = 5; // until it sends a response
const quietMs = 300; // for a server that opens a socket again when Spotify has closed it
const warmUpCpuSeconds = 6; // with less, an operation with 20 pages is mostly code that is not compiled yet

/** The number of requests by the number of clients. */
const counts = { 1: 6, 16: 48 };
const afterIdle = ['Q2', 'Q4'];

/**
 * @param plan the measurements in order: `{ roundTripMs, connections, names }`
 * @returns `steady` samples by round trip, clients, operation and server, and `idle` by operation and server
 */
export function measureFar({ upstream, mode, targets, rounds, plan, say }) {
  return inTurn({ targets, upstream, mode, rounds, say }, async ({ target, server, put }) => {
    const traffic = createTraffic();
    const requests = (name) => traffic.cold(name, target.dialect?.createRequestOf(mode));
    await setDistance(upstream, 0);
    const all = [...new Set(plan.flatMap(({ names }) => names))];
    await warmUp(server, supported(target, all), requests, warmUpCpuSeconds);
    for (const { roundTripMs, connections, names } of plan) {
      await setDistance(upstream, roundTripMs);
      for (const name of supported(target, names)) {
        const nextBody = requests(name);
        await load(server.origin, nextBody, { connections, count: 2 * connections });
        await upstream.request('opened');
        const figures = await sample({ server, upstream, nextBody, connections, count: counts[connections] });
        put(['steady', roundTripMs, connections, name], {
          ...figures,
          opened: await upstream.request('opened'),
        });
      }
      if (connections > 1) continue;
      for (const name of afterIdle.filter((each) => names.includes(each))) {
        const nextBody = requests(name);
        put(['idle', roundTripMs, name], await afterIdleMinutes({ server, upstream, roundTripMs, nextBody }));
      }
    }
  });
}

/** Spotify closes the idle sockets; five minutes of waiting would do the same. */
async function afterIdleMinutes({ server, upstream, roundTripMs, nextBody }) {
  const { execute, close } = connect(server.origin);
  await execute(nextBody());
  await upstream.request('closeSockets');
  await pause(quietMs + 4 * roundTripMs);
  await upstream.request('opened');
  const sentMs = performance.now();
  await execute(nextBody());
  const ms = performance.now() - sentMs;
  await close();
  return { ms, opened: await upstream.request('opened') };
}

/**
 * The first response of a process, counted from its line that it listens.
 * @param occasions `{ roundTripMs, name, waitMs }`
 * @returns samples by `roundTripMs`, `waitMs`, operation and server
 */
export async function measureFirst({ upstream, mode, targets, rounds, occasions, say }) {
  const results = {};
  for (const { roundTripMs, name, waitMs } of occasions) {
    await setDistance(upstream, roundTripMs);
    results[roundTripMs] ??= {};
    results[roundTripMs][waitMs] ??= {};
    const place = results[roundTripMs][waitMs];
    place[name] = Object.fromEntries(targetsFor(targets, name).map((target) => [target.name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const target of targetsFor(targets, name)) {
        const body = createTraffic().cold(name, target.dialect?.createRequestOf(mode))();
        const figures = await withServer(target, upstream, mode, {}, (server) =>
          firstOf(server, upstream, body, waitMs),
        );
        place[name][target.name].push(figures);
      }
    }
    say(`first response, ${name}, ${roundTripMs} ms, after ${waitMs} ms`);
  }
  return results;
}

const targetsFor = (targets, name) => targets.filter((each) => supported(each, [name]).length > 0);

async function firstOf({ origin, listeningMs, startedMs }, upstream, body, waitMs) {
  await pause(waitMs);
  const { execute, close } = connect(origin);
  const sentMs = waitMs > 0 ? performance.now() : listeningMs;
  await execute(body);
  const ms = performance.now() - sentMs;
  await close();
  return { ms, startMs: listeningMs - startedMs, opened: await upstream.request('opened') };
}

async function setDistance(upstream, milliseconds) {
  await upstream.request('roundTrip', { milliseconds });
  await upstream.request('latency', { milliseconds: milliseconds > 0 ? millisecondsOfSpotify : 0 });
}
