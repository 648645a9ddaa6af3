import { checkAll } from './check.js';
import { simulateDays } from './day/main.js';
import { jobsOf } from './jobs.js';
import { findNode } from './node-versions.js';
import { readOptions, usage } from './options.js';
import { pinDriver, pinning } from './process.js';
import { publish } from './publish.js';
import { createStamp, saveResult } from './results.js';
import { withServers, withUpstream } from './servers.js';
import { lines } from './table.js';
import { withBuilds } from './targets.js';

const say = (text) => process.stdout.write(`${text}\n`);

async function main(args) {
  const options = readOptions(args, withBuilds);
  if (options.help) return say(usage);
  if (options.publish) return publish(options.targets, say);
  pinDriver();
  if (options.check) return check(options);

  say(`The servers are ${pinning}.`);
  for (const { part, node, run } of jobsOf({ ...options, say })) {
    const startedMs = performance.now();
    const { path, version } = findNode(node);
    const stamp = createStamp(version);
    const targets = options.only.map((name) => ({ ...options.targets[name], node: path }));
    say(`\n${part}, Node ${version}`);
    const data = await run(targets);
    for (const line of lines(data)) say(line);
    say(`${part}: ${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes`);
    if (!options.isKept) continue;
    saveResult(part, { stamp: stamp(), data });
    publish(options.targets, say);
  }
  if (options.isWhole && options.isKept) await simulateDays(['--day', `--node=${options.node}`]);
  return undefined;
}

async function check({ modes, only, names, targets }) {
  for (const mode of modes) {
    say(`\nAn app in ${mode} mode (${pinning})`);
    const chosen = only.map((name) => targets[name]).filter(({ isOnlyFar }) => !isOnlyFar);
    await withUpstream(mode, (upstream) =>
      withServers(chosen, upstream, mode, (servers) =>
        checkAll({ servers, targets, upstream, mode, names, say }),
      ),
    );
  }
}

const args = process.argv.slice(2);
await (args.includes('--day') ? simulateDays(args) : main(args));
