import { parseArgs } from 'node:util';
import { findNode } from '../node-versions.js';
import { publish } from '../publish.js';
import { createStamp } from '../results.js';
import { targets as servers } from '../targets.js';
import { answeredWithForesight } from './bound.js';
import { check } from './check.js';
import { publishDay } from './report.js';
import { simulate } from './simulate.js';
import { sizingTable } from './sizing.js';
import { wholeOf } from './summary.js';
import { dayTargets } from './targets.js';
import { createVisitedPages } from './visited-pages.js';
import { createVisits } from './visits.js';

/** Simulates days of visits against daily quotas: `npm run bench -- --day`. */

export const usage = `npm run bench -- --day [options]

  --check          one short day of the gateway, with assertions; nothing is written
  --sizing         how many visits a quota carries, computed without a server: the table of docs/quota.md
  --days n         simulated days, 3 by default
  --seed n         another seed has other visits, 1 by default
  --only a,b       these servers: ${Object.keys(dayTargets).join(', ')}
  --node=n         the major version of Node of the servers; without it, the Node of this process
  --artists n      artists in the catalogue, 200 by default
  --visits n       visits in 5 minutes, 8 by default
  --processes a,b  numbers of processes, 1,3 by default
`;

const parallelRuns = 4;
/** Calls a day by family, as the sandbox's preset `quota-2026`. */
const limits = { 'artists/albums': 100, search: 200, 'albums/tracks': 2_300 };

const say = (text) => process.stdout.write(`${text}\n`);

export async function simulateDays(args) {
  const options = readOptions(args);
  if (options.help) return say(usage);
  const { createCatalogue, startSandbox } = await import('../../../dist/sandbox/index.js');
  const { seed, days, artists, visitsPerStep } = options;
  if (options.sizing) {
    const { decideByAge } = await import('../../../dist/datasources/spotify/cache/decide-read.js');
    return say(sizingTable({ createCatalogue, decideByAge, limits, seed }));
  }
  const catalogue = createCatalogue(artists);
  const ids = catalogue
    .artists()
    .slice(-artists)
    .map(({ id }) => id);
  const visitAt = createVisitedPages(catalogue, ids);
  const steps = createVisits({ seed, days, artists, visitsPerStep }).map((visits) => visits.map(visitAt));
  const { path: node, version } = findNode(options.node);
  const stamp = createStamp(version);
  const shared = { steps, limits, catalogue, startSandbox, node };

  if (options.check) return check(shared, say);
  const foresight = answeredWithForesight(steps, limits);
  const total = steps.flat().length;
  say(
    `${days} days, ${total} visits, seed ${seed}; foresight answers ${share(foresight.reduce(sum), total)}`,
  );
  const runs = options.only.flatMap((name) =>
    options.processes
      .filter((processes) => processes <= (dayTargets[name].mostProcesses ?? processes))
      .map((processes) => ({ name, processes })),
  );
  const results = await inParallel(runs, async ({ name, processes }) => {
    const result = await simulate(dayTargets[name], { ...shared, processes });
    say(`${name} × ${processes}: ${JSON.stringify(wholeOf(result))}`);
    return { name, processes, ...result };
  });
  if (!options.isWhole) return undefined;
  publishDay({ results, foresight, total, days, seed, limits, stamp: { ...stamp(), pinning: 'not pinned' } });
  return publish(servers, say);
}

/** Some at a time: a run mostly waits for its own processes. */
async function inParallel(items, run) {
  const results = [];
  const left = items.entries();
  const worker = async () => {
    for (const [i, item] of left) results[i] = await run(item);
  };
  await Promise.all(Array.from({ length: parallelRuns }, worker));
  return results;
}

const sum = (a, b) => a + b;
const share = (part, total) => `${((100 * part) / total).toFixed(1)} %`;

function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      day: { type: 'boolean' },
      check: { type: 'boolean', default: false },
      sizing: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      days: { type: 'string', default: '3' },
      seed: { type: 'string', default: '1' },
      artists: { type: 'string', default: '200' },
      visits: { type: 'string', default: '8' },
      node: { type: 'string', default: process.versions.node.split('.')[0] },
      only: { type: 'string' },
      processes: { type: 'string', default: '1,3' },
    },
  });
  const only = values.only?.split(',') ?? Object.keys(dayTargets);
  const stranger = only.find((name) => !(name in dayTargets));
  if (stranger !== undefined) throw new Error(`--only: there is no server ${stranger}.`);
  return {
    ...values,
    days: values.check ? 1 : Number(values.days),
    seed: Number(values.seed),
    artists: Number(values.artists),
    visitsPerStep: Number(values.visits),
    processes: values.processes.split(',').map(Number),
    only,
    isWhole: args.every((arg) => arg === '--day' || arg.startsWith('--node=')),
  };
}
