import { connect, load } from './load.js';
import { operations } from './operations.js';
import { hold } from './traffic.js';

/** What precedes the measurement of a server. */

export const usualConnections = 32;
const sliceSeconds = 0.25;
const enough = 10_000; // requests, for those that need little for each

export const connectionsOf = (name) => operations[name].connections ?? usualConnections;

/**
 * The compiler takes thousands of requests to see what is worth its while. What counts is what the server has
 * worked: on a busy machine the same seconds are less work.
 * @param requests from the name of an operation to a function that gives the next body
 */
export async function warmUp(server, names, requests, cpuSeconds) {
  const all = names.reduce((sum, name) => sum + operations[name].warmUpShare, 0);
  for (const name of names) {
    const budgetMicros = (cpuSeconds * 1e6 * operations[name].warmUpShare) / all;
    const howMuch = { connections: connectionsOf(name), seconds: sliceSeconds };
    const { cpuMicros } = await server.ask('usage');
    let answered = 0;
    let usedMicros = 0;
    while (usedMicros < budgetMicros && answered < enough) {
      answered += (await load(server.origin, requests(name), howMuch)).latencies.length;
      usedMicros = (await server.ask('usage')).cpuMicros - cpuMicros;
    }
  }
}

/** Has a gateway read all that the warm requests of an operation need. @returns its cursors */
export async function heldBy({ origin }, name) {
  const { ask, close } = connect(origin);
  try {
    return await hold(name, ask);
  } finally {
    await close();
  }
}
