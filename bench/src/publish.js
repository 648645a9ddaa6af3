import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { barChart } from './plot.js';
import { report } from './report.js';
import { medians, ratioOf } from './statistics.js';

/** Writes the page and its pictures. */

const folder = new URL('../', import.meta.url);

/** On what it was measured, as far as that explains the figures. */
export function describeMachine(pinning, loadBefore) {
  const [cpu] = cpus();
  const load = [loadBefore, loadavg()[0]].map((each) => each.toFixed(1)).join(' before, ');
  return [
    `- ${new Date().toISOString().slice(0, 10)}, commit ${commit()}`,
    `- ${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GB, ${pinning}`,
    `- Node ${process.version}, ${process.platform}; load of the machine ${load} after`,
  ].join('\n');
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: folder, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown'; // a copy without its history
  }
}

export function publish({ modes, contestants, ...rest }) {
  mkdirSync(new URL('plots/', folder), { recursive: true });
  const plots = {};
  for (const [mode, { cold, far }] of Object.entries(modes)) {
    const titleOf = (who) => contestants[who].title;
    plots[mode] = [`plots/cold-${mode}.svg`, `plots/far-${mode}.svg`];
    write(plots[mode][0], shareOfFloor(`Cold, ${mode}: operations per second, floor = 1`, cold, titleOf));
    write(plots[mode][1], waiting(`One client, 40 ms a call, ${mode}: p50 in ms`, far, titleOf));
  }
  write('RESULTS.md', report({ modes, contestants, plots, ...rest }));
}

const write = (path, text) => writeFileSync(new URL(path, folder), text);

function shareOfFloor(title, results, titleOf) {
  const whos = Object.keys(Object.values(results)[0]).filter((who) => who !== 'floor');
  const groups = Object.entries(results).map(([label, samples]) => ({
    label,
    values: whos.map((who) => ratioOf(samples[who], samples.floor, 'rate')),
  }));
  return barChart({ title, series: whos.map(titleOf), groups, reference: 1 });
}

function waiting(title, results, titleOf) {
  const whos = Object.keys(Object.values(results)[0]);
  const groups = Object.entries(results).map(([label, samples]) => ({
    label,
    values: whos.map((who) => medians(samples[who]).p50),
  }));
  return barChart({ title, series: whos.map(titleOf), groups });
}
