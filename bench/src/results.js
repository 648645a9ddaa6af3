import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { pinning } from './process.js';

/** The results of the parts of the bench. Each part has a file, so that parts can be measured at different times. */

const folder = new URL('../results/', import.meta.url);
const digits = 5;

const systems = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };

/** @param node the version of the Node of the servers */
export function createStamp(node) {
  const loadBefore = loadavg()[0];
  return () => ({
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    machine: `${cpus().length} cores, ${systems[process.platform] ?? process.platform}`,
    pinning,
    node,
    load: [loadBefore, loadavg()[0]],
  });
}

/** The machine, the versions and the date as text. */
export const stampText = ({ machine, pinning: how, node, date, commit: hash, load }) =>
  `${machine} (${how}), Node ${node}, ${date}, commit ${hash}; load of the machine ${load
    .map((each) => each.toFixed(1))
    .join(' before, ')} after`;

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: new URL('..', folder),
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'unknown'; // without a Git repository
  }
}

/** @param data figures as plain JSON; five digits of each are kept */
export function saveResult(part, { stamp, data }) {
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({ stamp, data }, (_, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(digits)) : value,
  );
  writeFileSync(new URL(`${part}.json`, folder), `${text}\n`);
}

/** @returns `{ stamp, data }` by part */
export function loadResults() {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return Object.fromEntries(
    files.map((file) => [file.slice(0, -'.json'.length), JSON.parse(readFileSync(new URL(file, folder)))]),
  );
}
