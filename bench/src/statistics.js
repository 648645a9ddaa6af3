/** Percentiles, medians and ratios of samples. */

const sorted = (numbers) => Float64Array.from(numbers).sort();

/** @param share 0.5 for the median */
export function percentile(numbers, share) {
  const all = sorted(numbers);
  return all[Math.min(all.length - 1, Math.floor(all.length * share))];
}

export function median(numbers) {
  const all = sorted(numbers);
  const middle = all.length >> 1;
  return all.length % 2 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
}

/** The median of each field over the samples. */
export const medians = (samples) =>
  Object.fromEntries(Object.keys(samples[0]).map((key) => [key, median(samples.map((each) => each[key]))]));

/**
 * The median of the ratios within each round, which the load of the machine shifts less than the ratio of two
 * medians.
 */
export const ratioOf = (ours, theirs, key) => median(ours.map((sample, i) => sample[key] / theirs[i][key]));
