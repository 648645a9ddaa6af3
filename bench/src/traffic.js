import { operations, requestOf } from './operations.js';
import { seedOf } from './upstream/ids.js';

/**
 * What is asked in each state. Cold: artists that nobody has asked for. Warm: artists that are held, by a window
 * that moves and with a variable that the document does not know, so that no two requests are the same and no whole
 * answer can be used again. Hot: one and the same request.
 */

const hotSeed = seedOf(0);
const firstColdSeed = 1_000_000;

/** @returns for each state a function from an operation to a function that gives the next request body */
export function createTraffic() {
  let next = firstColdSeed;
  let nonce = 0;
  const takeSeeds = (count) => Array.from({ length: count }, () => seedOf(next++));

  return {
    /** @param write how to ask, if not in the words of our graph */
    cold:
      (name, write = requestOf) =>
      () =>
        write(name, takeSeeds(operations[name].artists)),

    hot(name) {
      const seeds = Array.from({ length: operations[name].artists }, (_, i) =>
        i === 0 ? hotSeed : seedOf(i),
      );
      const body = requestOf(name, seeds);
      return () => body;
    },

    /** @param cursors by seed and slot, as `held` has collected them */
    warm(name, cursors) {
      const { warmArtists, artists, lastStart } = operations[name];
      return () => {
        nonce += 1;
        const seeds = Array.from({ length: artists }, (_, i) => seedOf((nonce + i) % warmArtists));
        const own = cursors?.get(seeds[0]);
        const slot = lastStart && Math.floor(nonce / warmArtists) % lastStart;
        const variables = { nonce: String(nonce), ...(own && lastStart && { after: own[slot] }) };
        return requestOf(name, seeds, variables);
      };
    },
  };
}

/** Has the gateway read all that warm requests ask for. @returns the cursors of its lists */
export async function hold(name, ask) {
  const { warmArtists, artists, lastStart } = operations[name];
  const cursors = new Map();
  for (let i = 0; i < warmArtists; i += artists) {
    const seeds = Array.from({ length: artists }, (_, j) => seedOf(i + j));
    const answer = await ask(requestOf(name, seeds));
    if (lastStart) cursors.set(seeds[0], await holdList(name, seeds[0], answer, ask));
  }
  return cursors;
}

/** Walks a list to its end. Only the first page of cursors is there at once, so the walk collects them. */
async function holdList(name, seed, first, ask) {
  const slots = [];
  for (let answer = first; ; ) {
    const { edges, pageInfo } = answer.data.artist.albums;
    slots.push(...edges.map(({ cursor }) => cursor));
    if (!pageInfo.hasNextPage) return slots;
    answer = await ask(requestOf(name, [seed], { after: pageInfo.endCursor }));
  }
}
