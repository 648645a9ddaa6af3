import { answeredWithForesight } from './bound.js';
import { createVisitedPages } from './visited-pages.js';
import { createVisits, stepMinutes, stepsPerDay } from './visits.js';

/**
 * Estimates how many visits a quota is enough for, without a server: applies the gateway's decision about reads to visits
 * of more and of fewer artists. Takes seconds; `simulate` takes minutes.
 */

const artistCounts = [50, 200, 1_000];
const visitsPerStep = [2, 8];
const days = 3;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const freshMs = hourMs; // of an artist's albums and of searches
const keptMs = 7 * dayMs;
const reservedShare = 0.02;

/**
 * @param decideByAge the gateway's decision
 * @returns a table in Markdown: share of the visits with all their data, by day
 */
export function sizingTable({ createCatalogue, decideByAge, limits, seed }) {
  const rows = artistCounts.flatMap((artists) => {
    const catalogue = createCatalogue(artists);
    const ids = catalogue.artists().slice(-artists);
    const visitAt = createVisitedPages(
      catalogue,
      ids.map(({ id }) => id),
    );
    return visitsPerStep.map((perStep) => {
      const steps = createVisits({ seed, days, artists, visitsPerStep: perStep }).map((visits) =>
        visits.map(visitAt),
      );
      const shares = sharesByDay(answeredByPolicy(steps, limits, decideByAge), perStep);
      const bound = sharesByDay(answeredWithForesight(steps, limits), perStep);
      return `| ${[artists, perStep * stepsPerDay, ...shares, bound.at(-1)].join(' | ')} |`;
    });
  });
  return [
    '| artists | visits a day | day 1 | day 2 | day 3 | foresight, day 3 |',
    '| --: | --: | --: | --: | --: | --: |',
    ...rows,
  ].join('\n');
}

const sharesByDay = (answered, perStep) =>
  Array.from({ length: days }, (_, day) => {
    const whole = answered
      .slice(day * stepsPerDay, (day + 1) * stepsPerDay)
      .reduce((sum, each) => sum + each);
    return `${((100 * whole) / stepsPerDay / perStep).toFixed(0)} %`;
  });

function answeredByPolicy(steps, limits, decideByAge) {
  const quota = createQuota(limits);
  const entries = new Map();
  return steps.map((visits, n) => {
    const nowMs = n * stepMinutes * 60_000;
    const isAnswered = (visit) =>
      [visit.before, visit].every(
        (list) => !list?.calls || readList(list, { quota, entries, nowMs, decideByAge }),
      );
    return visits.filter(isAnswered).length;
  });
}

/** @returns whether all pages of the list are cached */
function readList({ key, calls: { family, count } }, { quota, entries, nowMs, decideByAge }) {
  const pages = Array.from({ length: count }, (_, page) => `${key} ${page}`);
  const decisions = pages.map((page) => {
    const decision = decideByAge(quota.stateOf(family, nowMs), entries.get(page), nowMs);
    if (decision === 'call' || decision === 'revalidate') {
      quota.count(family, nowMs);
      const freshUntilMs = nowMs + freshMs;
      entries.set(page, { freshUntilMs, freshMs, usableUntilMs: freshUntilMs + keptMs });
    }
    return decision;
  });
  return !decisions.includes('reject');
}

/** With limits that are configured. */
function createQuota(limits) {
  const countedAtMs = Object.fromEntries(Object.keys(limits).map((family) => [family, []]));
  return {
    stateOf(family, nowMs) {
      const recent = countedAtMs[family].filter((atMs) => atMs > nowMs - dayMs);
      countedAtMs[family] = recent;
      const limit = limits[family];
      const usable = limit - Math.max(1, Math.ceil(limit * reservedShare));
      return { remaining: Math.max(0, usable - recent.length), usedShare: recent.length / limit };
    },
    count: (family, nowMs) => void countedAtMs[family].push(nowMs),
  };
}
