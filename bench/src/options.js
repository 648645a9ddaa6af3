import { parseArgs } from 'node:util';
import { operations } from './operations.js';

/** What of the bench is run, and how long. */

export const usage = `npm run bench -- [options]

  --quick          two minutes: ours next to the limits, an app in development mode, nothing written
  --check          no figures: everybody answers everything alike, with the expected number of calls
  --only a,b       these contestants (ours, floor, full, constant, ready, and the peers)
  --ops Q1,Q2      these operations
  --states a,b     of cold, warm, hot, far
  --mode m         extended or development; both if left out
  --rounds n       rounds of each measurement
  --seconds n      of each contestant in each round
  --builds a=f,b=g other builds by their server.js, next to ours or, as ours=file, in its place
`;

const states = ['cold', 'warm', 'hot', 'far'];
const modes = ['extended', 'development'];
const efforts = {
  full: { rounds: 5, seconds: 1, warmUpCpuSeconds: 10 },
  quick: { rounds: 3, seconds: 0.6, warmUpCpuSeconds: 6 },
};

/** @throws Error that says what is wrong with the arguments */
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
    },
  });
  const { quick, check, help } = values;
  const builds = values.builds.split(',').filter(Boolean);
  const contestants = withBuilds(builds);
  const effort = { ...efforts[quick ? 'quick' : 'full'] };
  if (values.rounds) effort.rounds = positive('rounds', values.rounds);
  if (values.seconds) effort.seconds = positive('seconds', values.seconds);
  const isWhole =
    !quick && !check && !['only', 'ops', 'states', 'mode', 'builds'].some((part) => part in values);
  return {
    check,
    quick,
    help,
    /** Only a run of everything may replace what is published. */
    isWhole,
    effort,
    only: some('only', values.only, Object.keys(contestants)) ?? usual(quick, contestants),
    names: some('ops', values.ops, Object.keys(operations)) ?? Object.keys(operations),
    states: some('states', values.states, states) ?? states,
    modes: some('mode', values.mode, modes) ?? (quick ? ['development'] : modes),
    contestants,
  };
}

const usual = (quick, contestants) =>
  Object.values(contestants)
    // Pages of an app in development mode are so small that full ones are next to the same.
    .filter(({ name, kind }) => !quick || (kind !== 'peer' && name !== 'full'))
    .map(({ name }) => name);

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
