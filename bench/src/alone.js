import { withServer } from './servers.js';
import { supports } from './targets.js';

/**
 * Measures servers one after another, each as the only one that runs: in each round every server is started, measured and
 * stopped. The order rotates with the rounds, because the first server has a cooler processor.
 * @param use measures one server and calls `put(keys, sample)` for each result
 * @returns the samples, nested by the keys and by server, one a round
 */
export async function inTurn({ targets, upstream, mode, rounds, settings = {}, say }, use) {
  const results = {};
  for (let round = 0; round < rounds; round++) {
    const order = targets.map((_, i) => targets[(i + round) % targets.length]);
    for (const target of order) {
      const startedMs = performance.now();
      const put = (keys, sample) => add(results, [...keys, target.name], sample);
      await withServer(target, upstream, mode, settings, (server) => use({ target, server, put, round }));
      say(
        `round ${round + 1} of ${rounds}, ${target.title}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
      );
    }
  }
  return results;
}

function add(results, keys, sample) {
  const [key, ...rest] = keys;
  if (rest.length === 0) {
    results[key] ??= [];
    results[key].push(sample);
  } else {
    results[key] ??= {};
    add(results[key], rest, sample);
  }
}

export const supported = (target, names) => names.filter((name) => supports(target, name));
