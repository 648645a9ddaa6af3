import { measureBusy } from './parts/busy.js';
import { measureFar, measureFirst } from './parts/far.js';
import { measureGrowth } from './parts/growth.js';
import { measureIdle, measureStarts, measureWorkers } from './parts/once.js';
import { measureThroughput } from './parts/throughput.js';
import { withFarUpstream, withUpstream } from './servers.js';

/** The parts of the bench in the order of a whole run. Each part has a file of results. */

export const states = ['far', 'first', 'cold', 'warm', 'busy', 'once', 'growth'];

const first = [
  { roundTripMs: 40, name: 'Q1', waitMs: 0 },
  { roundTripMs: 40, name: 'Q2', waitMs: 0 },
  { roundTripMs: 40, name: 'Q4', waitMs: 0 },
  { roundTripMs: 40, name: 'Q2', waitMs: 1_000 },
  { roundTripMs: 120, name: 'Q2', waitMs: 0 },
];
/** Steady responses, by kind of app. */
const far = {
  extended: [
    { roundTripMs: 40, connections: 1 },
    { roundTripMs: 40, connections: 16, only: ['Q2', 'Q4', 'Q5'] },
    { roundTripMs: 120, connections: 1, only: ['Q2', 'Q4', 'Q5'] },
    { roundTripMs: 120, connections: 16, only: ['Q2'] },
  ],
  development: [{ roundTripMs: 40, connections: 1 }],
};

const fewOperations = ['Q1', 'Q2', 'Q4']; // on the versions of Node for comparison
// To save time: over a distance, these two are never the fastest peer and never the bound.
const notFar = ['full', 'pothos'];
const inDevelopment = ['ours', 'floor', 'apollo', 'mercurius'];

const only = (targets, test) => targets.filter(test);
const farServers = (targets, mode) =>
  only(
    targets,
    ({ name, kind }) =>
      kind !== 'limit' &&
      !notFar.includes(name) &&
      (mode === 'extended' || kind === 'ours' || inDevelopment.includes(name)),
  );
const coldServers = (targets, mode) =>
  only(targets, ({ name, kind }) => mode === 'extended' || kind === 'ours' || inDevelopment.includes(name));

/**
 * @param options of `readOptions`
 * @returns `{ part, state, node, run }`; `run` gets the targets with the Node to run on
 */
export function jobsOf({ states: chosen, modes, names, effort, nodes, node, say }) {
  const jobs = [];
  const add = (part, state, major, run) => {
    if (chosen.includes(state)) jobs.push({ part, state, node: major, run });
  };
  for (const mode of modes) {
    const rounds = mode === 'extended' ? effort.rounds : Math.min(3, effort.rounds);
    const common = { mode, rounds, say };
    add(`far-${mode}`, 'far', node, (targets) =>
      withFarUpstream(mode, (upstream) => {
        const plan = far[mode].map(({ only: chosenNames, ...rest }) => ({
          ...rest,
          names: names.filter((name) => chosenNames?.includes(name) ?? true),
        }));
        return measureFar({ ...common, upstream, targets: farServers(targets, mode), plan });
      }),
    );
    add(`first-${mode}`, 'first', node, (targets) =>
      withFarUpstream(mode, (upstream) => {
        const occasions = mode === 'extended' ? first : first.slice(1, 2);
        return measureFirst({ ...common, upstream, targets: farServers(targets, mode), occasions });
      }),
    );
    add(`cold-${mode}`, 'cold', node, (targets) =>
      withUpstream(mode, (upstream) =>
        measureThroughput({
          ...common,
          upstream,
          targets: coldServers(targets, mode),
          states: ['cold'],
          names,
          effort: { ...effort, rounds },
        }),
      ),
    );
  }
  const mode = modes.at(0);
  for (const major of nodes) {
    // The other versions are for comparison.
    const few = { ...effort, rounds: major === node ? effort.rounds : Math.min(3, effort.rounds) };
    const someNames = major === node ? names : names.filter((name) => fewOperations.includes(name));
    add(`warm-${major}`, 'warm', major, (targets) =>
      withUpstream(mode, (upstream) =>
        measureThroughput({
          upstream,
          mode,
          targets,
          states: ['warm', 'hot'],
          names: someNames,
          effort: few,
          say,
        }),
      ),
    );
    add(`busy-${major}`, 'busy', major, (targets) =>
      withUpstream(mode, (upstream) => measureBusy({ upstream, mode, targets, effort: few, say })),
    );
  }
  add('once', 'once', node, (targets) =>
    withUpstream(mode, async (upstream) => {
      const ours = targets.find(({ name }) => name === 'ours');
      const shared = { ours, upstream, mode, effort };
      return {
        ...(await measureStarts({
          targets: only(targets, ({ isOnlyFar }) => !isOnlyFar),
          upstream,
          mode,
          rounds: effort.rounds,
          say,
        })),
        workers: await measureWorkers(shared),
        idle: await measureIdle(shared),
      };
    }),
  );
  add('growth', 'growth', node, (targets) =>
    withUpstream('extended', (upstream) => {
      const ours = targets.find(({ name }) => name === 'ours');
      return measureGrowth({ upstream, mode: 'extended', ours, say, scale: effort.scale });
    }),
  );
  return jobs;
}
