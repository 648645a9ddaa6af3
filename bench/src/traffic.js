import { operations, requestOf } from './operations.js';
import { seedOf } from './upstream/ids.js';

/**
 * The requests in each state. Cold: artists that no request has read before. Warm: cached artists, with a window that
 * moves and a variable that the document does not declare, so that no two requests are equal and no whole response can
 * be reused. Hot: the same request each time.
 */

const hotSeed = seedOf(0);
const firstColdSeed = 1_000_000;

/** @returns for each state a function from an operation to a function that gives the next request body */
export function createTraffic() {
  let next = firstColdSeed;
  let nonce = 0;
  const takeSeeds = (count) => Array.from({ length: count }, () => seedOf(next++));

  return {
    /** @param write returns the request body; default: that for our schema */
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

    /** @param cursors by seed and slot, as `fillCache` returns them */
    warm(name, cursors) {
      const { warmArtists, artists, lastStart } = operations[name];
      return () => {
        nonce += 1;
        const seeds = Array.from({ length: artists }, (_, i) => seedOf((nonce + i) % warmArtists));
        const listCursors = cursors?.get(seeds[0]);
        const slot = lastStart && Math.floor(nonce / warmArtists) % lastStart;
        const variables = {
          nonce: String(nonce),
          ...(listCursors && lastStart && { after: listCursors[slot] }),
        };
        return requestOf(name, seeds, variables);
      };
    },
  };
}

/** Makes the gateway cache all data of the warm requests. @returns the cursors of its lists */
export async function fillCache(name, execute) {
  const { warmArtists, artists, lastStart } = operations[name];
  const cursors = new Map();
  for (let i = 0; i < warmArtists; i += artists) {
    const seeds = Array.from({ length: artists }, (_, j) => seedOf(i + j));
    const response = await execute(requestOf(name, seeds));
    if (lastStart) cursors.set(seeds[0], await walkList(name, seeds[0], response, execute));
  }
  return cursors;
}

/** Reads all pages of a list. @returns the cursors of all of its edges */
async function walkList(name, seed, first, execute) {
  const slots = [];
  for (let response = first; ; ) {
    const { edges, pageInfo } = response.data.artist.albums;
    slots.push(...edges.map(({ cursor }) => cursor));
    if (!pageInfo.hasNextPage) return slots;
    response = await execute(requestOf(name, [seed], { after: pageInfo.endCursor }));
  }
}
