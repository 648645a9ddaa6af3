import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { states } from './jobs.js';
import { operations } from './operations.js';

/** The options of the bench: which parts it runs, and for how long. */

export const usage = `npm run bench -- [options]

  --check          no figures: all servers return the same data with the expected number of calls
  --quick          all parts with short rounds; nothing is written
  --states a,b     these parts: ${states.join(', ')} (warm includes hot). Without it: all, and the days of visits
  --mode m         extended or development; both if left out
  --only a,b       these servers (ours, floor, full, constant, ready, and the peers); nothing is written
  --ops Q1,Q2      these operations; nothing is written
  --node n         the major version of Node of the servers, 22 by default
  --nodes a,b      the versions for warm, hot and busy, 22,24,20 by default
  --rounds n       rounds of each measurement, 5 by default
  --seconds n      of each server in each round
  --dry            nothing is written, only printed
  --publish        measures nothing and writes RESULTS.md from the kept results
  --before folder  compares with another build, by its dist folder: each starts alone, in turn; nothing is written
  --builds a=f,b=g other builds by their server.js, beside ours or, as ours=file, in its place; nothing is written
  --day            days of visits against daily quotas; see --day --help
`;

const modes = ['extended', 'development'];
const efforts = {
  full: { rounds: 5, seconds: 0.6, warmUpCpuSeconds: 6, scale: 1 },
  quick: { rounds: 1, seconds: 0.3, warmUpCpuSeconds: 1, scale: 0.05 },
};

/** @throws Error that states which arguments are invalid */
export function readOptions(args, withBuilds) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: { type: 'string' },
      ops: { type: 'string' },
      states: { type: 'string' },
      mode: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      builds: { type: 'string', default: '' },
      before: { type: 'string' },
      node: { type: 'string', default: '22' },
      nodes: { type: 'string' },
      dry: { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
    },
  });
  const { quick, check, help, node, publish } = values;
  const builds = values.builds.split(',').filter(Boolean);
  if (values.before) builds.push(`before=${resolve(values.before, 'server.js')}`);
  const targets = withBuilds(builds);
  const effort = { ...efforts[quick ? 'quick' : 'full'] };
  if (values.rounds) effort.rounds = positive('rounds', values.rounds);
  if (values.seconds) effort.seconds = positive('seconds', values.seconds);
  const isPartial = ['only', 'ops', 'builds', 'before'].some((part) => values[part]);
  return {
    check,
    help,
    publish,
    /** Only results of all servers and operations may replace the stored ones. */
    isKept: !quick && !check && !values.dry && !isPartial,
    isWhole: !isPartial && !values.states && !check,
    effort,
    only:
      some('only', values.only, Object.keys(targets)) ??
      (values.before ? ['ours', 'before'] : Object.keys(targets)),
    names: some('ops', values.ops, Object.keys(operations)) ?? Object.keys(operations),
    states: some('states', values.states, states) ?? (values.before ? ['far', 'cold', 'warm'] : states),
    modes: some('mode', values.mode, modes) ?? modes,
    node,
    nodes: values.nodes?.split(',') ?? (values.before ? [node] : [node, '24', '20']),
    targets,
  };
}

function some(option, text, known) {
  const chosen = text?.split(',');
  const stranger = chosen?.find((each) => !known.includes(each));
  if (stranger !== undefined) throw new Error(`--${option}: ${stranger} is none of ${known.join(', ')}.`);
  return chosen;
}

function positive(option, text) {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${option} must be a number above 0.`);
  return number;
}
