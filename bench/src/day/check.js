import { ok } from 'node:assert';
import { answeredWithForesight } from './bound.js';
import { simulate } from './simulate.js';
import { answeredOf, wholeOf } from './summary.js';
import { dayTargets } from './targets.js';

/** One short day as a test: every twelfth step, with a smaller quota. */

const every = 12;
const limits = { 'artists/albums': 20, search: 10, 'albums/tracks': 2_300 };
const processes = 2;
const leastShareOfForesight = 0.7; // with a fifth of the usual visits, foresight has a better choice than the gateway

/** @throws AssertionError */
export async function check({ steps, ...shared }, say) {
  const short = steps.map((visits, n) => (n % every === 0 ? visits : []));
  const foresight = answeredWithForesight(short, limits).reduce((sum, each) => sum + each, 0);
  for (const [name, mostRejected] of Object.entries({ ours: 1, configured: 0 })) {
    const whole = wholeOf(await simulate(dayTargets[name], { ...shared, steps: short, limits, processes }));
    say(`${name}: ${JSON.stringify(whole)}, foresight ${foresight}`);
    for (const [family, count] of Object.entries(whole.rejected)) {
      ok(count <= mostRejected, `Spotify rejected ${count} calls of ${family}`);
    }
    ok(whole.lost === 0, 'visits lack data that the gateway had before');
    ok(answeredOf(whole) >= leastShareOfForesight * foresight, 'too few visits were answered');
  }
}
