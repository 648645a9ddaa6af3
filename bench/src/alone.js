import { canAnswer } from './contestants.js';
import { withServer } from './servers.js';

/**
 * Measures servers one after another, each as the only one that runs: in each round every server is started, measured and
 * stopped. The order rotates with the rounds, because the first server has a cooler processor.
 * @param use measures one server and calls `put(keys, sample)` for each result
 * @returns the samples, nested by the keys and by server, one a round
 */
export async function inTurn({ contestants, upstream, mode, rounds, settings = {}, say }, use) {
  const results = {};
  for (let round = 0; round < rounds; round++) {
    const order = contestants.map((_, i) => contestants[(i + round) % contestants.length]);
    for (const contestant of order) {
      const startedMs = performance.now();
      const put = (keys, sample) => add(results, [...keys, contestant.name], sample);
      await withServer(contestant, upstream, mode, settings, (server) =>
        use({ contestant, server, put, round }),
      );
      say(
        `round ${round + 1} of ${rounds}, ${contestant.title}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
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

export const answered = (contestant, names) => names.filter((name) => canAnswer(contestant, name));
