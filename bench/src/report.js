import { operations } from './operations.js';
import { median, medians, ratioOf } from './statistics.js';

/** All that was measured, as the page that is published. */

const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
const times = (ratio) => `×${ratio.toFixed(2)}`;
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) =>
  [row(head), row(head.map((_, i) => (i ? '--:' : '---'))), ...rows.map(row)].join('\n');

/**
 * @param modes by mode the samples by state, operation and contestant
 * @param plots by mode the names of the pictures beside the page
 */
export function report({ machine, modes, occasions, contestants, plots }) {
  const titleOf = (who) => contestants[who].title;
  const parts = [
    '# Results',
    'Written by `npm run bench`; [README.md](README.md) says what is measured and how. Ratios are ours to theirs, the\n' +
      'median of those within each round: above ×1 is faster, and for CPU and latency below ×1 is better.',
    machine,
  ];
  for (const [mode, states] of Object.entries(modes)) {
    parts.push(`## An app in ${mode} mode`, ...plots[mode].map((file) => `![${file}](${file})`));
    for (const [state, results] of Object.entries(states)) parts.push(...section(state, results, titleOf));
  }
  parts.push(...occasionsOf(occasions, titleOf));
  return `${parts.join('\n\n')}\n`;
}

const headings = {
  cold: 'Cold: nothing is held',
  warm: 'Warm: what is asked for is held',
  hot: 'Hot: one request again and again',
  far: 'Far: one client, 40 ms a call',
};

function section(state, results, titleOf) {
  const others = Object.keys(Object.values(results)[0]).filter((who) => who !== 'ours');
  const ratios = Object.entries(results).map(([name, samples]) => [
    `${name}, ${operations[name].title}`,
    ...others.map((who) =>
      ['rate', 'cpuMicros', 'p50'].map((key) => times(ratioOf(samples.ours, samples[who], key))).join(' / '),
    ),
  ]);
  const figures = Object.entries(results).flatMap(([name, samples]) =>
    Object.entries(samples).map(([who, each]) => figuresOf(name, titleOf(who), medians(each), state)),
  );
  const last = state === 'far' ? 'round trips' : 'refused';
  return [
    `### ${headings[state]}`,
    table(['rate / CPU / p50, ours to', ...others.map(titleOf)], ratios),
    `<details><summary>Figures</summary>\n\n${table(
      ['', 'who', 'operations/s', 'p50 ms', 'p99 ms', 'CPU µs', 'calls', 'memory MB', 'server busy', last],
      figures,
    )}\n\n</details>`,
  ];
}

const roundTripMs = 40;

const figuresOf = (name, title, { rate, p50, p99, cpuMicros, calls, rss, busy, refused }, state) => [
  name,
  title,
  rate.toFixed(0),
  p50.toFixed(2),
  p99.toFixed(2),
  cpuMicros.toFixed(0),
  calls.toFixed(1),
  megabytes(rss),
  `${(busy * 100).toFixed(0)} %`,
  state === 'far' ? (p50 / roundTripMs).toFixed(1) : `${(refused * 100).toFixed(1)} %`,
];

function occasionsOf({ starts, rush, idle, workers }, titleOf) {
  return [
    '## Once in a while',
    '### Start to the first answer',
    table(
      ['', 'ms', 'memory MB', 'heap MB'],
      Object.entries(starts).map(([who, each]) => {
        const { firstAnswerMs, rss, heapUsed } = medians(each);
        return [titleOf(who), firstAnswerMs.toFixed(0), megabytes(rss), megabytes(heapUsed)];
      }),
    ),
    '### 256 connections, Q2, warm',
    table(
      ['', 'operations/s', 'p50 ms', 'p99 ms', 'p99 / p50', 'refused'],
      Object.entries(rush).map(([who, each]) => {
        const { rate, p50, p99, refused } = medians(each);
        const spread = median(each.map((one) => one.p99 / one.p50));
        const refusals = `${(refused * 100).toFixed(1)} %`;
        return [titleOf(who), rate.toFixed(0), p50.toFixed(1), p99.toFixed(1), spread.toFixed(2), refusals];
      }),
    ),
    '### After a minute without a request, Q2, warm',
    table(
      ['', 'rate of the first second, of that before', 'memory MB'],
      Object.entries(idle).map(([who, { share, rss }]) => [titleOf(who), times(share), megabytes(rss)]),
    ),
    '### Two workers',
    workers === null
      ? 'Measured on Linux only.'
      : `\`WEB_CONCURRENCY=2\` answers ${times(workers)} of what \`WEB_CONCURRENCY=1\` does on as many cores as` +
        ' workers (Q2, hot; by the CPU time of an answer, as the clients need a core of their own).',
  ];
}
