import { median, medians, ratioOf } from './statistics.js';

/** The bounds of the gateway, each with its figure in the stored results. Node 22, an app in extended mode. */

const at40 = '40';
const limitMegabytes = (bytes) => bytes / 1e6;

const peersOf = (byServer, targets) =>
  Object.entries(byServer).filter(([name]) => targets[name]?.kind === 'peer');

/** The ratio to the peer with the lowest median. */
function toFastest(byServer, targets, key) {
  const peers = peersOf(byServer, targets);
  if (!byServer.ours || peers.length === 0) return undefined;
  const [, fastest] = peers.reduce((best, each) =>
    median(each[1].map((one) => one[key])) < median(best[1].map((one) => one[key])) ? each : best,
  );
  return ratioOf(byServer.ours, fastest, key);
}

const ratio = (byServer, name, key) =>
  byServer?.ours && byServer[name] ? ratioOf(byServer.ours, byServer[name], key) : undefined;

/** @returns rows `{ title, figure, bound, atLeast, unit, part }`; the figure is undefined if it was not measured */
export function boundsOf(results, targets) {
  const data = (part) => results[part]?.data;
  return [
    ...farBounds(data('far-extended'), targets),
    ...firstBounds(data('first-extended'), targets),
    ...dayBounds(data('day')),
    ...speedBounds({ warm: data('warm-22'), busy: data('busy-22'), cold: data('cold-extended') }),
    ...onceBounds(data('once'), [data('warm-22'), data('cold-extended')]),
  ];
}

function farBounds(far, targets) {
  const part = 'far';
  const steady = far?.steady[at40]['1'] ?? {};
  const peerBounds = { Q1: 1, Q2: 0.6, Q3: 1, Q4: 0.6, Q5: 0.75 };
  return [
    ...Object.entries(peerBounds).map(([name, bound]) => ({
      part,
      title: `far, 40 ms, steady, ${name}: p50 to the fastest peer`,
      figure: steady[name] && toFastest(steady[name], targets, 'p50'),
      bound,
    })),
    ...Object.keys(peerBounds).map((name) => ({
      part,
      title: `far, 40 ms, steady, ${name}: p50 to the floor`,
      figure: ratio(steady[name], 'floor', 'p50'),
      bound: 1.05,
    })),
    ...['Q2', 'Q4'].map((name) => ({
      part,
      title: `far, 40 ms, after idle minutes, ${name}: handshakes more than steady`,
      figure: handshakes(far?.idle?.[at40]?.[name]?.ours, steady[name]?.ours),
      bound: 1.15, // the handshake and 12 ms
      shownBound: '1',
      unit: '',
    })),
  ];
}

/** A handshake of TCP and TLS 1.3 takes two round trips. */
const handshakes = (idle, steady) =>
  idle && steady ? (medians(idle).ms - medians(steady).p50) / (2 * Number(at40)) : undefined;

const firstBounds = (data, targets) =>
  ['Q1', 'Q2', 'Q4'].map((name) => ({
    part: 'first',
    title: `first response of a process, 40 ms, ${name}: to the fastest peer`,
    figure: data?.[at40]['0'][name] && toFastest(data[at40]['0'][name], targets, 'ms'),
    bound: 0.8,
  }));

function dayBounds(day) {
  const answeredBy = (name) => day?.rows.find((row) => row.name === name)?.answered;
  const [ours, peer] = [answeredBy('ours'), answeredBy('apollo-same')];
  return [
    { title: 'day: visits with all data, to foresight', figure: ours && ours / day.foresight, bound: 0.9 },
    {
      title: 'day: visits with all data, to the best peer with the same freshness',
      figure: ours && peer && ours / peer,
      bound: 1.3,
    },
  ].map((row) => ({ part: 'day', atLeast: true, ...row }));
}

function speedBounds({ warm, busy, cold }) {
  const rows = [];
  const add = (part, title, figure, bound, atLeast) => rows.push({ part, title, figure, bound, atLeast });
  const each = (bounds, use) => Object.entries(bounds).forEach(([name, bound]) => void use(name, bound));
  each({ Q1: 1.5, Q2: 1.5, Q3: 1.5, Q4: 1, Q5: 1 }, (name, bound) =>
    add(
      'warm',
      `warm, ${name}: rate to constant Yoga`,
      ratio(warm?.warm.usual[name], 'constant', 'rate'),
      bound,
      true,
    ),
  );
  each({ Q1: 2, Q2: 2, Q3: 2, Q4: 2, Q5: 2 }, (name, bound) =>
    add(
      'warm',
      `hot, ${name}: CPU to ready bytes`,
      ratio(warm?.hot.usual[name], 'ready', 'cpuMicros'),
      bound,
    ),
  );
  const mix = busy?.ours;
  add(
    'busy',
    'busy mix: p99 of hot responses to their idle p99',
    mix && median(mix.map(({ hot, idle }) => hot.p99 / idle.p99)),
    5,
  );
  each({ Q1: 2.5, Q2: 1.6, Q3: 2.4, Q4: 0.55, Q5: 1.7 }, (name, bound) =>
    add(
      'cold',
      `cold, ${name}: rate to Apollo Server`,
      ratio(cold?.cold.usual[name], 'apollo', 'rate'),
      bound,
      true,
    ),
  );
  each({ Q2: 0.7, Q3: 0.7, Q4: 0.7, Q5: 0.7 }, (name, bound) =>
    add(
      'cold',
      `cold, ${name}: rate to the floor with full pages`,
      ratio(cold?.cold.usual[name], 'full', 'rate'),
      bound,
      true,
    ),
  );
  return rows;
}

function onceBounds(once, loads) {
  const starts = once?.starts.ours;
  const most = Math.max(...loads.filter(Boolean).map(highestMemory));
  return [
    {
      title: 'memory of an idle process, MB',
      figure: starts && limitMegabytes(medians(starts).idleRss),
      bound: 120,
      unit: '',
    },
    {
      title: 'start until it listens, ms',
      figure: starts && medians(starts).startMs,
      bound: 1_000,
      unit: '',
    },
    {
      title: 'memory under load, highest median, MB',
      figure: Number.isFinite(most) ? limitMegabytes(most) : undefined,
      bound: 300,
      unit: '',
    },
    { title: 'two workers: rate to one', figure: once?.workers ?? undefined, bound: 1.7, atLeast: true },
  ].map((row) => ({ part: 'once', ...row }));
}

function highestMemory(data) {
  const values = Object.values(data).flatMap((byConnections) =>
    Object.values(byConnections).flatMap((byName) =>
      Object.values(byName).map(({ ours }) => medians(ours).rss),
    ),
  );
  return Math.max(...values);
}

/** Whether a row keeps its bound; undefined if it was not measured. */
export function holds({ figure, bound, atLeast }) {
  if (figure === undefined) return undefined;
  const rounded = Number(figure.toFixed(2)); // as the table shows it
  return atLeast ? rounded >= bound : rounded <= bound;
}
