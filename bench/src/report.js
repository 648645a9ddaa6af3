import { boundsOf, holds } from './bounds.js';
import { operations } from './operations.js';
import { growthCharts } from './plots.js';
import { stampText } from './results.js';
import { median, medians, ratioOf } from './statistics.js';
import { takeaways } from './takeaways.js';

/** RESULTS.md. Each section shows one stored part with the machine, the version of Node and the date of its measurement. */

const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
const times = (ratio) => `×${ratio.toFixed(2)}`;
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) =>
  [row(head), row(head.map((_, i) => (i ? '--:' : '---'))), ...rows.map(row)].join('\n');
const picture = (path) => `![](${path})`;

/** @param plots the paths of the plots that exist */
export function report({ results, targets, plots }) {
  const titleOf = (name) => targets[name].title;
  const context = { results, targets, titleOf, plots };
  const sections = [
    daySection,
    farSection,
    warmSection,
    busySection,
    coldSection,
    onceSection,
    growthSection,
  ];
  return `${[
    '# Results',
    ...takeaways(results, targets),
    'Written by `npm run bench`; [README.md](README.md) describes the measurements. Figures are medians over the rounds. Ratios\n' +
      'are the gateway (“ours”) to the other server, medians of the ratios within each round: for rates above ×1 is better, for CPU\nand latency below ×1.',
    ...boundsSection(context),
    ...sections.flatMap((section) => section(context)),
    '## Not measured',
    notMeasured,
  ].join('\n\n')}\n`;
}

const notMeasured =
  'Hive Router is not measured: it routes to subgraphs of a federated graph and does not call a REST API, so Spotify would need\n' +
  'one of the servers above between them. Hive Gateway has no shows and playlists (Q6 and Q7), because its document has none.';

const stampOf = (result) => `*${stampText(result.stamp)}*`;
const label = (name) => `${name}, ${operations[name].title}`;

function boundsSection({ results, targets }) {
  const rows = boundsOf(results, targets).map((each) => {
    const { title, figure, bound, shownBound, atLeast, unit = '×' } = each;
    const digits = unit === '×' || bound < 10 ? 2 : 0;
    const verdict = { true: 'yes', false: '**no**', undefined: 'not measured' }[holds(each)];
    const shown = figure === undefined ? '' : `${unit}${figure.toFixed(digits)}`;
    return [title, shown, `${atLeast ? 'at least' : 'at most'} ${unit}${shownBound ?? bound}`, verdict];
  });
  return [
    '## Bounds',
    'The README states the reason for each bound that does not hold.',
    table(['', 'figure', 'bound', 'holds'], rows),
  ];
}

function daySection({ results }) {
  const { day } = results;
  if (!day) return [];
  const { rows, foresight, total } = day.data;
  const share = (count) => `${((100 * count) / total).toFixed(1)} %`;
  return [
    '## A day of visits',
    `Answered visits of an app in development mode with its daily quotas: ${day.data.days} days, ${total} visits; a server that knows all\n` +
      `visits in advance answers ${share(foresight)} of them. [DAY.md](DAY.md) has the details.`,
    table(
      ['server', 'processes', 'visits with all their data', 'of foresight', 'calls', 'rejected calls'],
      rows
        .toSorted((a, b) => b.answered - a.answered)
        .map(({ title, processes, answered, calls, rejected }) => [
          title,
          processes,
          share(answered),
          `${((100 * answered) / foresight).toFixed(0)} %`,
          calls,
          rejected,
        ]),
    ),
    picture('plots/day-answered.svg'),
    stampOf(day),
  ];
}

/** A table with an operation in each row and a server in each column. */
function byServer(byName, titleOf, cell) {
  const serverNames = [...new Set(Object.values(byName).flatMap((samples) => Object.keys(samples)))];
  return table(
    ['', ...serverNames.map(titleOf)],
    Object.entries(byName).map(([name, samples]) => [
      label(name),
      ...serverNames.map((serverName) =>
        samples[serverName] ? cell(samples[serverName], samples.ours) : '',
      ),
    ]),
  );
}

const latencies = (samples, ours) => {
  const { p50 } = medians(samples);
  return samples === ours || !ours
    ? p50.toFixed(0)
    : `${p50.toFixed(0)} (${times(ratioOf(ours, samples, 'p50'))})`;
};

const waits = (samples, ours) => {
  const { ms, opened } = medians(samples);
  const ratio = samples === ours || !ours ? '' : ` (${times(ratioOf(ours, samples, 'ms'))})`;
  return `${ms.toFixed(0)}${ratio}, ${opened} sockets`;
};

function farSection({ results, titleOf }) {
  const parts = [];
  for (const mode of ['extended', 'development']) {
    const far = results[`far-${mode}`];
    if (!far) continue;
    parts.push(`### An app in ${mode} mode`);
    if (mode === 'extended') parts.push(picture('plots/far.svg'), picture('plots/far-16.svg'));
    for (const [roundTrip, byClients] of Object.entries(far.data.steady))
      for (const [clients, byName] of Object.entries(byClients))
        parts.push(
          `**${clients === '1' ? 'One client' : `${clients} clients`}, ${roundTrip} ms**: p50 in ms (ours to it)`,
          byServer(byName, titleOf, latencies),
        );
    for (const [roundTrip, byName] of Object.entries(far.data.idle ?? {}))
      parts.push(
        `**The first response after idle minutes, ${roundTrip} ms**: ms (ours to it), sockets opened`,
        byServer(byName, titleOf, waits),
      );
    parts.push(stampOf(far));
    parts.push(...firstParts(results[`first-${mode}`], titleOf));
  }
  if (parts.length === 0) return [];
  return [
    '## Far from Spotify',
    'Spotify behind TLS 1.3 and a delay, with HTTP/1.1 and HTTP/2, as the README describes. Nothing is cached.',
    ...parts,
  ];
}

function firstParts(first, titleOf) {
  if (!first) return [];
  return [
    ...Object.entries(first.data).flatMap(([roundTrip, byWait]) =>
      Object.entries(byWait).flatMap(([wait, byName]) => [
        `**The first response of a process, ${roundTrip} ms, ${wait === '0' ? 'requested as soon as it listens' : `requested ${wait} ms after it listens`}**: ms (ours to it), sockets opened`,
        byServer(byName, titleOf, waits),
      ]),
    ),
    stampOf(first),
  ];
}

function warmSection({ results, titleOf }) {
  const parts = Object.keys(results)
    .filter((part) => part.startsWith('warm-'))
    .flatMap((part) => {
      const { data } = results[part];
      const rows = Object.entries(data).flatMap(([state, byConnections]) =>
        Object.entries(byConnections).flatMap(([connections, byName]) =>
          Object.entries(byName).flatMap(([name, samples]) =>
            Object.entries(samples).map(([serverName, each]) =>
              figures({ state, connections, name, serverName, each, samples, titleOf }),
            ),
          ),
        ),
      );
      const head = [
        '',
        'connections',
        'server',
        'responses/s',
        'p50 ms',
        'p99 ms',
        'CPU µs',
        'memory MB',
        'ours: rate / CPU',
      ];
      return [`### Node ${part.slice('warm-'.length)}`, table(head, rows), stampOf(results[part])];
    });
  return parts.length === 0
    ? []
    : [
        '## Warm and hot',
        'Warm: the data is cached, and no two requests are equal. Hot: one request is repeated.',
        ...parts,
      ];
}

function figures({ state, connections, name, serverName, each, samples, titleOf }) {
  const { rate, p50, p99, cpuMicros, rss } = medians(each);
  const shown = connections === 'usual' ? (operations[name].connections ?? 32) : connections;
  const ratio =
    serverName === 'ours'
      ? ''
      : `${times(ratioOf(samples.ours, each, 'rate'))} / ${times(ratioOf(samples.ours, each, 'cpuMicros'))}`;
  return [
    `${state}, ${label(name)}`,
    shown,
    titleOf(serverName),
    rate.toFixed(0),
    p50.toFixed(2),
    p99.toFixed(2),
    cpuMicros.toFixed(0),
    megabytes(rss),
    ratio,
  ];
}

function busySection({ results }) {
  const parts = Object.keys(results).filter((part) => part.startsWith('busy-'));
  if (parts.length === 0) return [];
  const of = (each, name, key) => median(each.filter((one) => one[name]).map((one) => one[name][key]));
  const rows = parts.map((part) => {
    const each = results[part].data.ours;
    const pair = (name) => `${of(each, name, 'p50').toFixed(1)} / ${of(each, name, 'p99').toFixed(1)}`;
    const share = times(median(each.map(({ hot, idle }) => hot.p99 / idle.p99)));
    return [
      part.slice('busy-'.length),
      median(each.map(({ capacity }) => capacity)).toFixed(0),
      ...['idle', 'hot', 'warm', 'cold', 'mistake'].map(pair),
      share,
    ];
  });
  return [
    '## Busy',
    'Requests for Q2 at random times, at 70 % of the rate that the gateway reaches with this mix: 79 % hot, 15 % warm, 5 % cold\n' +
      '(Spotify takes 40 ms), 1 % mistakes. p50 / p99 of each class in ms.',
    table(
      ['Node', 'highest rate/s', 'hot, idle server', 'hot', 'warm', 'cold', 'mistakes', 'p99 of hot to idle'],
      rows,
    ),
    ...parts.map((part) => stampOf(results[part])),
  ];
}

function coldSection({ results, titleOf }) {
  const parts = ['extended', 'development'].flatMap((mode) => {
    const result = results[`cold-${mode}`];
    if (!result) return [];
    const cell = (samples, ours) => {
      const { cpuMicros } = medians(samples);
      if (samples === ours || !ours) return cpuMicros.toFixed(0);
      return `${cpuMicros.toFixed(0)} (${times(ratioOf(ours, samples, 'cpuMicros'))}, rate ${times(ratioOf(ours, samples, 'rate'))})`;
    };
    return [
      `### Cold, an app in ${mode} mode`,
      byServer(result.data.cold.usual, titleOf, cell),
      stampOf(result),
    ];
  });
  return parts.length === 0
    ? []
    : [
        '## CPU of responses that are not cached',
        'CPU of a response in microseconds (ours to it, and the ratio of the rates), with Spotify beside the server.',
        picture('plots/cold.svg'),
        ...parts,
      ];
}

function onceSection({ results, titleOf }) {
  const { once } = results;
  if (!once) return [];
  const { starts, workers, idle } = once.data;
  return [
    '## Start, memory and workers',
    table(
      [
        '',
        'listens after ms',
        'first response after ms',
        'memory MB, idle',
        'memory MB, after it',
        'heap MB',
      ],
      Object.entries(starts).map(([serverName, each]) => {
        const { startMs, firstResponseMs, idleRss, rss, heapUsed } = medians(each);
        return [
          titleOf(serverName),
          startMs.toFixed(0),
          firstResponseMs.toFixed(0),
          ...[idleRss, rss, heapUsed].map(megabytes),
        ];
      }),
    ),
    `After a minute without a request, the rate of the first second is ${times(idle.share)} of the rate before.`,
    workers === null
      ? 'Two workers are measured on Linux only.'
      : `\`WEB_CONCURRENCY=2\` has ${times(workers)} of the rate of \`WEB_CONCURRENCY=1\` on as many cores as workers (Q2, hot; computed from\nthe CPU time of a response, because the clients need a core of their own).`,
    stampOf(once),
  ];
}

function growthSection({ results }) {
  const { growth } = results;
  if (!growth) return [];
  return [
    '## Growth',
    ...Object.entries(growthCharts).flatMap(([name, chart]) => {
      const lines = { ...chart.time, ...chart.memory };
      const columns = Object.keys(lines);
      return [
        `### ${chart.title}`,
        `${picture(`plots/growth-${name}-time.svg`)}\n${picture(`plots/growth-${name}-memory.svg`)}`,
        table(
          [chart.x, ...columns.map((key) => (key in chart.time ? `${lines[key]}, ms` : `${lines[key]}, MB`))],
          growth.data[name].map((point) => [point.x, ...columns.map((key) => point[key].toPrecision(3))]),
        ),
      ];
    }),
    stampOf(growth),
  ];
}
