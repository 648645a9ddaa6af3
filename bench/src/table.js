import { medians, ratioOf } from './statistics.js';

/** The medians of all samples as lines, each with its keys, to watch a run and to compare two builds. */

const shown = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const isSamples = (value) => Array.isArray(value) && typeof value[0] === 'object';
const usual = ['rate', 'cpuMicros', 'p50', 'p99', 'calls'];

/** The figures of a sample that are shown: all numbers of one that has no rate. */
const keysOf = (sample) =>
  'rate' in sample ? usual : Object.keys(sample).filter((key) => typeof sample[key] === 'number');

/** @param data of a part: samples nested by keys, the last of which is the server */
export function lines(data, path = []) {
  if (typeof data !== 'object' || data === null) return [];
  if (Array.isArray(data)) return [];
  const entries = Object.entries(data);
  if (entries.every(([, value]) => isSamples(value))) {
    return entries.map(([name, samples]) => {
      const middle = medians(samples);
      const figures = keysOf(samples[0])
        .map((key) => `${key} ${shown(middle[key])}`)
        .join('  ');
      return `${[...path, name].join(' ').padEnd(32)} ${figures}${comparison(name, samples, data.ours)}`;
    });
  }
  return entries.flatMap(([key, value]) => lines(value, [...path, key]));
}

function comparison(name, samples, ours) {
  if (!ours || name === 'ours') return '';
  return `  ours: ${keysOf(samples[0])
    .slice(0, 3)
    .map((key) => `${key} ×${ratioOf(ours, samples, key).toFixed(2)}`)
    .join(' ')}`;
}
