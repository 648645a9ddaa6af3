import { inTurn, supported } from '../alone.js';
import { load } from '../load.js';
import { sample } from '../sample.js';
import { createTraffic } from '../traffic.js';
import { connectionsOf, cursorsOfFilledCache, warmUp } from '../warm-up.js';

/** Rate, CPU time and latency of servers beside their upstream: cold, warm and hot. */

const runInSeconds = 0.3;
const many = 256;
const operationsWithMany = ['Q1', 'Q2'];

const isMeasured = {
  // With an empty cache, all servers do the same work, except for the limits.
  cold: ({ kind, isOnlyFar }) => kind !== 'limit' && !isOnlyFar,
  // The gateway writes its response from its cache, as Yoga does from a constant.
  warm: ({ name, kind }) => kind === 'ours' || name === 'constant',
  hot: ({ name, kind }) => kind === 'ours' || name === 'ready',
};

export const takesPart = (target, states) => states.some((state) => isMeasured[state]?.(target));

/**
 * @param states of cold, warm and hot
 * @returns samples by state, connections, operation and server; connections are `usual` (32, or 8 for large operations) or 256
 */
export function measureThroughput({ upstream, mode, targets, states, names, effort, say }) {
  const chosen = targets.filter((each) => takesPart(each, states));
  const { rounds, seconds, warmUpCpuSeconds } = effort;
  return inTurn({ targets: chosen, upstream, mode, rounds, say }, async ({ target, server, put }) => {
    const traffic = createTraffic();
    const write = target.dialect?.createRequestOf(mode);
    const own = supported(target, names);
    const cold = (name) => traffic.cold(name, write);
    if (target.kind !== 'limit') await warmUp(server, own, cold, warmUpCpuSeconds / 2);
    for (const state of states.filter((each) => isMeasured[each](target))) {
      const bodies = {};
      for (const name of own) bodies[name] = await bodiesOf(state, name, { traffic, target, server, cold });
      await warmUp(server, own, (name) => bodies[name], warmUpCpuSeconds / 2);
      for (const name of own) {
        const nextBody = bodies[name];
        const measure = async (connections) => {
          await load(server.origin, nextBody, { connections, seconds: runInSeconds });
          return sample({ server, upstream, nextBody, connections, seconds });
        };
        put([state, 'usual', name], await measure(connectionsOf(name)));
        if (state !== 'cold' && operationsWithMany.includes(name))
          put([state, many, name], await measure(many));
      }
    }
  });
}

async function bodiesOf(state, name, { traffic, target, server, cold }) {
  if (state === 'hot') return traffic.hot(name);
  if (state === 'cold') return cold(name);
  // Constant Yoga ignores cursors.
  return traffic.warm(name, target.kind === 'ours' ? await cursorsOfFilledCache(server, name) : null);
}
