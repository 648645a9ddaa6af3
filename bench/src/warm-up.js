import { connect, load } from './load.js';
import { operations } from './operations.js';
import { fillCache } from './traffic.js';

/** Prepares a server for its measurement: warms up its code, and fills its cache. */

export const usualConnections = 32;
const sliceSeconds = 0.25;
const maxRequests = 10_000; // for operations that take little CPU time

export const connectionsOf = (name) => operations[name].connections ?? usualConnections;

/**
 * V8 optimizes code only after thousands of requests. The warm-up is measured in CPU time of the server, because on a busy
 * machine the same wall-clock time is less work.
 * @param requests from the name of an operation to a function that gives the next body
 */
export async function warmUp(server, names, requests, cpuSeconds) {
  const all = names.reduce((sum, name) => sum + operations[name].warmUpShare, 0);
  for (const name of names) {
    const budgetMicros = (cpuSeconds * 1e6 * operations[name].warmUpShare) / all;
    const loadOptions = { connections: connectionsOf(name), seconds: sliceSeconds };
    const { cpuMicros } = await server.request('usage');
    let responses = 0;
    let usedMicros = 0;
    while (usedMicros < budgetMicros && responses < maxRequests) {
      responses += (await load(server.origin, requests(name), loadOptions)).latencies.length;
      usedMicros = (await server.request('usage')).cpuMicros - cpuMicros;
    }
  }
}

/** Makes a gateway cache all data of the warm requests of an operation. @returns the cursors of its lists */
export async function cursorsOfFilledCache({ origin }, name) {
  const { execute, close } = connect(origin);
  try {
    return await fillCache(name, execute);
  } finally {
    await close();
  }
}
