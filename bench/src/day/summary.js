/** Totals of a simulation. */

/** @returns visits by outcome, `lost`, and the calls and rejections by family */
export function wholeOf({ outcomes, calls, rejected, lost }) {
  const counts = { full: 0, stale: 0, part: 0, none: 0 };
  for (const each of outcomes) for (const key of Object.keys(counts)) counts[key] += each[key];
  const { token: _, ...families } = calls;
  return { ...counts, lost: lost.length, calls: families, rejected };
}

export const answeredOf = ({ full, stale }) => full + stale;
