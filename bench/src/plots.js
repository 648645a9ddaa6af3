import { barChart, pointChart } from './plot.js';
import { medians } from './statistics.js';

/** The plots of the results, by their paths beside RESULTS.md. */

export function plotsOf(results, targets) {
  const plots = {};
  const titleOf = (name) => targets[name].title;
  const far = results['far-extended']?.data.steady;
  if (far) {
    plots['plots/far.svg'] = bars('One client, 40 ms to Spotify: p50 in ms', far['40']['1'], 'p50', titleOf);
    plots['plots/far-16.svg'] = bars(
      '16 clients, 40 ms to Spotify: p50 in ms',
      far['40']['16'],
      'p50',
      titleOf,
    );
  }
  const cold = results['cold-extended']?.data.cold;
  if (cold)
    plots['plots/cold.svg'] = bars(
      'Cold: CPU of a response in microseconds',
      cold.usual,
      'cpuMicros',
      titleOf,
    );
  if (results.growth) Object.assign(plots, growthPlots(results.growth.data));
  return plots;
}

function bars(title, byName, key, titleOf) {
  const names = Object.keys(Object.values(byName)[0]);
  const groups = Object.entries(byName).map(([label, samples]) => ({
    label,
    values: names.map((name) => (samples[name] ? medians(samples[name])[key] : null)),
  }));
  return barChart({ title, series: names.map(titleOf), groups });
}

/** Each measure of growth: its title, its horizontal axis, and its lines of time and of memory. */
export const growthCharts = {
  albums: {
    title: 'The whole list of an artist’s albums',
    x: 'albums of the artist',
    time: { coldMs: 'not cached', warmMs: 'cached' },
    memory: { megabytes: 'MB in the cache for each artist' },
  },
  artists: {
    title: 'Artists with 5 albums each in one request',
    x: 'artists in the request',
    time: { coldMs: 'not cached', warmMs: 'cached' },
    memory: { megabytes: 'memory of the process' },
  },
  entries: {
    title: 'An artist at random out of a cache with many',
    x: 'artists that were read',
    time: { readMs: 'one response' },
    memory: { megabytes: 'memory of the process', heapMegabytes: 'its heap' },
  },
  processes: {
    title: 'Processes on one DATA_DIR',
    x: 'processes',
    time: { coldMs: 'not cached', sharedMs: 'cached by another process' },
    memory: { megabytes: 'memory of all processes' },
  },
};

function growthPlots(data) {
  const plots = {};
  for (const [name, { title, x, time, memory }] of Object.entries(growthCharts)) {
    const chart = (lines, unit) =>
      pointChart({
        title: `${title}: ${unit} against ${x}`,
        series: Object.entries(lines).map(([key, label]) => ({
          name: label,
          points: data[name].map((point) => [point.x, point[key]]),
        })),
      });
    plots[`plots/growth-${name}-time.svg`] = chart(time, 'ms');
    plots[`plots/growth-${name}-memory.svg`] = chart(memory, 'MB');
  }
  return plots;
}
