import { mkdirSync, writeFileSync } from 'node:fs';
import { plotsOf } from './plots.js';
import { report } from './report.js';
import { loadResults } from './results.js';

/** Writes RESULTS.md and its plots from the stored results. */

const folder = new URL('../', import.meta.url);
const write = (path, text) => writeFileSync(new URL(path, folder), text);

export function publish(targets, say) {
  const results = loadResults();
  mkdirSync(new URL('plots/', folder), { recursive: true });
  const plots = plotsOf(results, targets);
  for (const [path, svg] of Object.entries(plots)) write(path, svg);
  write('RESULTS.md', report({ results, targets, plots: Object.keys(plots) }));
  say('RESULTS.md is written.');
}
