import { boundsOf } from './bounds.js';
import { median, medians } from './statistics.js';

/** The five sentences at the top of RESULTS.md. */
export function takeaways(results, targets) {
  const sentences = [day, far, first, hot, size]
    .map((write) => write(results, (title) => figureOf(results, targets, title)))
    .filter(Boolean);
  return sentences.length === 0 ? [] : [sentences.map((sentence, i) => `${i + 1}. ${sentence}`).join('\n')];
}

const figureOf = (results, targets, title) =>
  boundsOf(results, targets).find((row) => row.title === title)?.figure;

function day({ day: result }) {
  if (!result) return null;
  const { rows, total, foresight } = result.data;
  const answered = (name) => rows.find((row) => row.name === name)?.answered;
  const share = (count) => `${((100 * count) / total).toFixed(0)} %`;
  return (
    `Within the daily quotas of an ordinary app, the gateway answers ${share(answered('ours'))} of all visits with all their data; ` +
    `${share(foresight)} is the most that is possible, and Apollo Server with the same freshness answers ${share(answered('apollo-same'))}.`
  );
}

function far(results, figure) {
  const steady = results['far-extended']?.data.steady['40']['1'];
  if (!steady) return null;
  return (
    `With Spotify 40 ms away, an artist with 20 albums takes ${medians(steady.Q2.ours).p50.toFixed(0)} ms, which is ` +
    `×${figure('far, 40 ms, steady, Q2: p50 to the fastest peer').toFixed(2)} of the time of the fastest other server.`
  );
}

function first(results, figure) {
  const place = results['first-extended']?.data['40']['0'].Q2;
  if (!place) return null;
  return (
    `The first response of a new process takes ${medians(place.ours).ms.toFixed(0)} ms after it listens, ` +
    `×${figure('first response of a process, 40 ms, Q2: to the fastest peer').toFixed(2)} of the fastest other server.`
  );
}

function hot(results) {
  const warm = results['warm-22']?.data;
  const busy = results['busy-22']?.data.ours;
  if (!warm || !busy) return null;
  return (
    `What is cached takes no call: one process returns ${rounded(medians(warm.hot.usual.Q2.ours).rate)} repeated and ` +
    `${rounded(medians(warm.warm.usual.Q2.ours).rate)} different responses a second with 20 albums each, and at 70 % load 99 % of the ` +
    `repeated ones take at most ${median(busy.map((each) => each.hot.p99)).toFixed(1)} ms.`
  );
}

const rounded = (rate) => Number(rate.toPrecision(2)).toLocaleString('en');

function size({ once, growth }) {
  if (!once || !growth) return null;
  const { startMs, idleRss } = medians(once.data.starts.ours);
  const last = growth.data.entries.at(-1);
  return (
    `A process starts in ${startMs.toFixed(0)} ms and takes ${(idleRss / 1e6).toFixed(0)} MB idle, and ` +
    `${last.megabytes.toFixed(0)} MB after it has read ${last.x.toLocaleString('en')} artists.`
  );
}
