import { shares } from './visited-pages.js';

/** The visits of a simulation: which page is requested, of which artist, and when. */

export const stepMinutes = 5;
export const stepsPerDay = (24 * 60) / stepMinutes;

/**
 * @param settings `seed`, `days`, `artists` (how many, the first is the most popular), `visitsPerStep`
 * @returns an array per step of `{ kind, artist, album }`: an index by Zipf, and a number below 1 that chooses the album
 */
export function createVisits({ seed, days, artists, visitsPerStep }) {
  const random = createRandom(seed);
  const artistAt = zipf(artists);
  const visit = () => ({ kind: kindAt(random()), artist: artistAt(random()), album: random() });
  return Array.from({ length: days * stepsPerDay }, () => Array.from({ length: visitsPerStep }, visit));
}

function kindAt(share) {
  let sum = 0;
  return Object.keys(shares).find((kind) => {
    sum += shares[kind];
    return share < sum;
  });
}

/** Chooses 0 to count - 1: the nth with a probability of 1 / n, as the popularity of artists is distributed. */
function zipf(count) {
  let sum = 0;
  const sums = Array.from({ length: count }, (_, i) => {
    sum += 1 / (i + 1);
    return sum;
  });
  return (share) => sums.findIndex((each) => share * sum < each);
}

/** Mulberry32: small, and the same on every machine. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
