import { mkdirSync, writeFileSync } from 'node:fs';
import { barChart, lineChart } from '../plot.js';
import { saveResult, stampText } from '../results.js';
import { answeredOf, wholeOf } from './summary.js';
import { dayTargets } from './targets.js';
import { stepMinutes, stepsPerDay } from './visits.js';

/** Writes DAY.md and its plots. */

const folder = new URL('../../', import.meta.url);
const stepsPerHour = 60 / stepMinutes;

/** @param results of `simulate`, each with the `name` of its server and its number of `processes` */
export function publishDay({ results, foresight, total, days, seed, limits, stamp }) {
  mkdirSync(new URL('plots/', folder), { recursive: true });
  // Of the numbers of processes, the plots show the lowest: the lines of the others are nearly the same.
  const [{ processes: fewest }] = results;
  const shown = results.filter(({ processes }) => processes === fewest);
  const plots = {
    'plots/day-answered.svg': answeredPlot(shown, foresight, days),
    'plots/day-calls.svg': callsPlot(shown, limits, days),
  };
  for (const [path, svg] of Object.entries(plots)) write(path, svg);
  write('DAY.md', page({ results, foresight, total, days, seed, limits, stamp, plots: Object.keys(plots) }));
  const rows = results.map((result) => {
    const { full, stale, calls, rejected } = wholeOf(result);
    const { name, processes } = result;
    const all = (counts) => sum(Object.values(counts));
    return {
      name,
      title: titleOf(result),
      processes,
      answered: full + stale,
      calls: all(calls),
      rejected: all(rejected),
    };
  });
  saveResult('day', { stamp, data: { days, seed, total, foresight: sum(foresight), rows } });
}

const write = (path, text) => writeFileSync(new URL(path, folder), text);
const titleOf = ({ name }) => dayTargets[name].title;
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

function hourly(perStep) {
  return Array.from({ length: Math.ceil(perStep.length / stepsPerHour) }, (_, hour) =>
    sum(perStep.slice(hour * stepsPerHour, (hour + 1) * stepsPerHour)),
  );
}

const answeredPlot = (results, foresight, days) =>
  lineChart({
    title: `Visits with all their data, by hour, over ${days} days`,
    series: [
      { name: 'foresight', values: hourly(foresight) },
      ...results.map((result) => ({
        name: titleOf(result),
        values: hourly(result.outcomes.map(answeredOf)),
      })),
    ],
    labelEvery: stepsPerDay / stepsPerHour / 4,
  });

const callsPlot = (results, limits, days) =>
  barChart({
    title: `Calls in ${days} days by family, rejected calls included`,
    series: results.map(titleOf),
    groups: Object.keys(limits).map((family) => ({
      label: family,
      values: results.map(({ calls }) => calls[family] ?? 0),
    })),
  });

function page({ results, foresight, total, days, seed, limits, stamp, plots }) {
  const most = sum(foresight);
  const share = (count) => `${((100 * count) / total).toFixed(1)} %`;
  const rows = results.map((result) => {
    const { full, stale, part, none, lost, rejected } = wholeOf(result);
    const cells = [
      titleOf(result),
      result.processes,
      ...[full, stale, part, none].map(share),
      `${((100 * (full + stale)) / most).toFixed(0)} %`,
      lost,
      ...Object.keys(limits).map((family) => `${result.calls[family] ?? 0} / ${rejected[family] ?? 0}`),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const families = Object.keys(limits);
  return `# Days of visits

\`npm run bench -- --day --days ${days} --seed ${seed}\` writes this page. ${total} visits in ${days} days to 200 artists by Zipf, against
daily quotas of ${families.map((family) => `${limits[family]} \`${family}\``).join(', ')}, on a clock that moves by
${stepMinutes} minutes between groups of visits. All processes are restarted at noon. A half of the visits are artist pages with 20
albums, a quarter albums with their tracks, 15 % searches, 10 % the next page of an artist's albums.

- **fresh**: all data, within its freshness. **stale**: all data, some of it past its freshness. **part**: fewer items than there
  are. **none**: no data.
- **of foresight**: visits with all their data, compared with a server that knows all visits in advance, reads the lists with
  the most visits per call, each once, and serves them from then on: ${share(most)} of the visits.
- **lost**: visits without all their data although the same server had it before.
- The columns of the families show all calls / calls that Spotify rejected.

| server | processes | fresh | stale | part | none | of foresight | lost | ${families.join(' | ')} |
| --- | --: | --: | --: | --: | --: | --: | --: | ${families.map(() => '--:').join(' | ')} |
${rows.join('\n')}

${plots.map((path) => `![](${path})`).join('\n\n')}

${stampText(stamp)}
`;
}
