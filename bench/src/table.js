import { ratioOf } from './statistics.js';

/** Figures as lines to watch while they come. */

const number = (value, digits = 0) => value.toFixed(digits).padStart(8);

/** @param samples of all who were measured with it: ours is compared with each */
export function line(state, name, who, figures, samples) {
  const { rate, cpuMicros, p50, p99, calls, busy, rss, refused } = figures;
  const ours = samples.ours;
  const ratio =
    ours && who !== 'ours'
      ? `  ours ×${ratioOf(ours, samples[who], 'rate').toFixed(2)}, CPU ×${ratioOf(ours, samples[who], 'cpuMicros').toFixed(2)}, p50 ×${ratioOf(ours, samples[who], 'p50').toFixed(2)}`
      : '';
  return (
    `${state.padEnd(5)}${name} ${who.padEnd(10)}${number(rate)}/s ${number(cpuMicros)} µs CPU` +
    ` p50${number(p50, 2)} ms p99${number(p99, 2)} ms ${calls.toFixed(1).padStart(5)} calls` +
    ` ${(busy * 100).toFixed(0).padStart(4)} % busy ${(rss / 1e6).toFixed(0).padStart(4)} MB${refused > 0 ? ` ${(refused * 100).toFixed(1)} % refused` : ''}${ratio}`
  );
}
