import { connect, load } from './load.js';
import { operations } from './operations.js';
import { interleave } from './sample.js';
import { createTraffic, hold } from './traffic.js';

/** What is measured in front of an upstream of one kind of app, each state with those it can be compared with. */

const connections = 32;
const farAwayMs = 40; // what Spotify takes for a call from a data centre near it
const runInSeconds = 0.3;
const sliceSeconds = 0.25;
const enough = 10_000; // requests, for those that need little for each

const comparable = {
  // Without a cache, all do the same work. The limits do none of it.
  cold: ({ kind }) => kind !== 'limit',
  // Ours has to write its answer out of what it holds, as Yoga does out of a constant.
  warm: ({ name, kind }) => kind === 'ours' || name === 'constant',
  hot: ({ name, kind }) => kind === 'ours' || name === 'ready',
  far: ({ kind }) => kind !== 'limit',
};

/**
 * @param servers by contestant, running
 * @param onResult called for every operation in every state with the samples by contestant
 */
export async function measure({ servers, contestants, upstream, mode, states, names, effort, onResult }) {
  const traffic = createTraffic();
  const writes = mapValues(servers, (_, who) => contestants[who].dialect?.createRequestOf(mode));

  const requestsFor = (state, name, { cursors, write }) => {
    if (state === 'hot') return traffic.hot(name);
    return state === 'warm' ? traffic.warm(name, cursors) : traffic.cold(name, write);
  };

  for (const [who, server] of Object.entries(servers)) {
    const state = contestants[who].kind === 'limit' ? 'hot' : 'cold';
    await warmUp(server, names, (name) => requestsFor(state, name, { write: writes[who] }), effort);
  }

  for (const state of states) {
    const whos = Object.keys(servers).filter((who) => comparable[state](contestants[who]));
    await upstream.ask('latency', { milliseconds: state === 'far' ? farAwayMs : 0 });
    for (const name of names) {
      const entries = [];
      for (const who of whos) {
        // Another build has cursors of its own; those of ours do for everybody else.
        const holder = contestants[who].kind === 'ours' ? servers[who] : servers.ours;
        const cursors = state === 'warm' && holder ? await heldBy(holder, name) : null;
        const nextBody = requestsFor(state, name, { cursors, write: writes[who] });
        entries.push({ who, server: servers[who], nextBody });
      }
      onResult(state, name, await interleave(entries, { upstream, ...howMuch(state, name, effort) }));
    }
  }
}

const howMuch = (state, name, { rounds, seconds }) =>
  state === 'far'
    ? { connections: 1, rounds, warmUp: { count: 2 }, count: 5 }
    : {
        connections: operations[name].connections ?? connections,
        rounds,
        seconds,
        warmUp: { seconds: runInSeconds },
      };

/**
 * The compiler takes thousands of requests to see what is worth its while. What counts is what the server has
 * worked: on a busy machine the same seconds are less work.
 */
async function warmUp(server, names, requests, { warmUpCpuSeconds }) {
  const all = names.reduce((sum, name) => sum + operations[name].warmUpShare, 0);
  for (const name of names) {
    const budgetMicros = (warmUpCpuSeconds * 1e6 * operations[name].warmUpShare) / all;
    const howMuch = { connections: operations[name].connections ?? connections, seconds: sliceSeconds };
    const { cpuMicros } = await server.ask('usage');
    let answered = 0;
    let usedMicros = 0;
    while (usedMicros < budgetMicros && answered < enough) {
      answered += (await load(server.origin, requests(name), howMuch)).latencies.length;
      usedMicros = (await server.ask('usage')).cpuMicros - cpuMicros;
    }
  }
}

const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));

/** Has a gateway read all that the warm requests of an operation need. @returns its cursors */
export async function heldBy({ origin }, name) {
  const { ask, close } = connect(origin);
  try {
    return await hold(name, ask);
  } finally {
    await close();
  }
}
