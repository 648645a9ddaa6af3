import { stepsPerDay } from './visits.js';

/**
 * The bound of a gateway that knows all visits in advance: at the beginning of each day it reads the lists with the most
 * future visits per call, each once, and serves them from then on.
 * @param steps arrays of visits
 * @param limits calls a day by family
 * @returns for each step how many of its visits have all their data
 */
export function answeredWithForesight(steps, limits) {
  const available = new Set();
  return steps.map((visits, step) => {
    if (step % stepsPerDay === 0) readForDay(steps.slice(step), limits, available);
    return visits.filter((visit) => lists(visit).every(({ key }) => available.has(key))).length;
  });
}

/** The lists that a visit needs and that cost calls of a limited family; a next page needs the page before it as well. */
const lists = (visit) => [visit.before, visit].filter((each) => each?.calls);

function readForDay(steps, limits, available) {
  const wanted = new Map();
  for (const visit of steps.flat()) {
    for (const { key, calls } of lists(visit)) {
      const list = wanted.get(key) ?? { key, ...calls, visits: 0 };
      list.visits += 1;
      wanted.set(key, list);
    }
  }
  const left = { ...limits };
  const best = [...wanted.values()].sort((a, b) => b.visits / b.count - a.visits / a.count);
  for (const { key, family, count } of best) {
    if (available.has(key) || left[family] < count) continue;
    left[family] -= count;
    available.add(key);
  }
}
