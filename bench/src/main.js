import { loadavg } from 'node:os';
import { checkAll } from './check.js';
import { withBuilds } from './contestants.js';
import { simulateDays } from './day/main.js';
import { measure } from './measure.js';
import { measureIdle, measureRush, measureStarts, measureWorkers } from './occasions.js';
import { readOptions, usage } from './options.js';
import { pinDriver, pinning } from './process.js';
import { describeMachine, publish } from './publish.js';
import { withServers, withUpstream } from './servers.js';
import { medians } from './statistics.js';
import { line } from './table.js';

const say = (text) => process.stdout.write(`${text}\n`);

async function main(args) {
  const options = readOptions(args, withBuilds);
  if (options.help) return say(usage);
  const { contestants } = options;
  const loadBefore = loadavg()[0];
  pinDriver();

  const modes = {};
  for (const mode of options.modes) {
    say(`\nAn app in ${mode} mode (${pinning})`);
    modes[mode] = await withUpstream(mode, (upstream) =>
      measureMode({ mode, upstream, contestants, options }),
    );
  }
  if (!options.isWhole) return undefined;

  const mode = options.modes.at(-1);
  const occasions = await withUpstream(mode, (upstream) =>
    measureOccasions({ mode, upstream, contestants, effort: options.effort }),
  );
  publish({
    modes,
    occasions,
    contestants,
    machine: describeMachine(pinning, loadBefore),
  });
  return say('\nWritten to RESULTS.md');
}

function measureMode({ mode, upstream, contestants, options }) {
  const { only, names, check } = options;
  const chosen = only.map((name) => contestants[name]);
  return withServers(chosen, upstream, mode, async (servers) => {
    await checkAll({ servers, contestants, upstream, mode, names, say });
    const states = {};
    if (check) return states;
    const onResult = (state, name, samples) => {
      states[state] = { ...states[state], [name]: samples };
      for (const [who, each] of Object.entries(samples)) say(line(state, name, who, medians(each), samples));
    };
    await measure({ ...options, servers, contestants, upstream, mode, onResult });
    return states;
  });
}

async function measureOccasions({ mode, upstream, contestants, effort }) {
  const { ours, constant } = contestants;
  const both = { contestants: [ours, constant], upstream, mode, effort };
  say('\nStarts, a rush, two workers, and a minute without a request');
  const all = Object.values(contestants);
  const occasions = {
    starts: await measureStarts({ contestants: all, upstream, mode, rounds: effort.rounds }),
    rush: await measureRush(both),
    workers: await measureWorkers({ ours, upstream, mode, effort }),
    idle: await measureIdle(both),
  };
  say(JSON.stringify({ workers: occasions.workers, idle: occasions.idle }));
  return occasions;
}

const args = process.argv.slice(2);
await (args.includes('--day') ? simulateDays(args) : main(args));
