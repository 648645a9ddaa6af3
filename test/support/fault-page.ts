import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Bound, Expected, FaultCase, PageColumns, Step } from './fault-case.ts';

/** Writes docs/faults.md from the fault cases, one table for each group. */

const { UPDATE_DOCS } = process.env;
const page = fileURLToPath(new URL('../../docs/faults.md', import.meta.url));
const lock = `${page}.lock`;

const head = `# Faults

Faults around the gateway, what a client gets and within which time, and the calls that Spotify gets. Every row is a test
in \`test/faults/\`. \`UPDATE_DOCS=1 npx vitest run test/faults\` writes this page. "ok" is data without an error. Several
entries in a cell follow one another. API and TOK are calls to the Web API and to the token endpoint.
`;

/** Compares a group in the page with its cases, or writes it if UPDATE_DOCS=1. */
export function checkPage(group: string, title: string, cases: readonly FaultCase[]): void {
  if (UPDATE_DOCS === '1') writeGroup(group, title, cases);
  expect(readGroup(group)).toEqual(cases.map((each) => [each.id, each.fault, ...cellsOf(each)]));
}

const headingOf = (group: string, title: string) => `## ${group}. ${title}`;

/** The rows of a group, cell by cell. */
function readGroup(group: string): string[][] {
  if (!existsSync(page)) return [];
  const section = readFileSync(page, 'utf8')
    .split(/^(?=## )/m)
    .find((each) => each.startsWith(`## ${group}. `));
  return (section ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| id ') && !line.startsWith('| ---'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

function writeGroup(group: string, title: string, cases: readonly FaultCase[]): void {
  const rows = cases.map((each) => `| ${[each.id, each.fault, ...cellsOf(each)].map(escaped).join(' | ')} |`);
  const section = `${headingOf(group, title)}

| id | fault | client sees | within | Spotify sees |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
  withLock(() => {
    const [, ...sections] = existsSync(page) ? readFileSync(page, 'utf8').split(/^(?=## )/m) : [''];
    const others = sections.filter((each) => !each.startsWith(`## ${group}. `)).map((each) => each.trimEnd());
    const all = [...others, section.trimEnd()].sort((one, other) => placeOf(one) - placeOf(other));
    // Renamed into place, because other test files may be reading it.
    writeFileSync(`${page}.new`, `${[head.trimEnd(), ...all].join('\n\n')}\n`);
    renameSync(`${page}.new`, page);
  });
}

const order = 'TUQFNMPRCDKS'; // the order of the groups
const placeOf = (section: string): number => order.indexOf(section.charAt('## '.length));

/** Test files run concurrently, and each writes its group to the same page. */
function withLock(write: () => void): void {
  mkdirSync(fileURLToPath(new URL('../../docs', import.meta.url)), { recursive: true });
  const giveUpMs = Date.now() + 5_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (Date.now() > giveUpMs) throw error;
    }
  }
  try {
    write();
  } finally {
    rmdirSync(lock);
  }
}

const escaped = (text: string): string => text.replaceAll('|', '\\|');

function cellsOf({ steps }: FaultCase): string[] {
  const shown = steps.filter(({ aside }) => !aside);
  const columns = shown.map((step) => ({
    client: clientOf(step),
    within: withinOf(step),
    spotify: spotifyOf(step),
  }));
  return (['client', 'within', 'spotify'] as const).map((name) => joined(columns.map((each) => each[name])));
}

/** The entries of all steps in one cell, without repetitions. */
function joined(entries: readonly string[]): string {
  const distinct = entries.filter((entry, i) => entry !== '' && entry !== entries[i - 1]);
  return distinct.length > 0 ? distinct.join('; then ') : '–';
}

const withSaid = (parts: readonly string[], said: string | undefined): string =>
  [...parts, ...(said === undefined ? [] : [said])].filter((part) => part !== '').join(', ');

function clientOf({ client, says }: Step): string {
  return withSaid([client === undefined ? '' : expectedText(client)], says?.client);
}

function expectedText(expected: Expected): string {
  if (typeof expected === 'string') return expected;
  if ('status' in expected) return `${expected.code} (HTTP ${expected.status})`;
  const [least, most] = expected.retryAfter;
  return `${expected.code} (retryAfter ${least === most ? most : `${least} to ${most}`})`;
}

function withinOf({ withinMs, notBeforeMs, p99Ms, medianMs, says }: Step): string {
  const number = (ms: number) => ms.toLocaleString('en');
  const parts = [
    withinMs === undefined
      ? ''
      : `${notBeforeMs === undefined ? '≤ ' : `${number(notBeforeMs)} to `}${number(withinMs)} ms`,
    p99Ms === undefined ? '' : `p99 ≤ ${number(p99Ms)} ms`,
    medianMs === undefined ? '' : `median ≤ ${number(medianMs)} ms`,
  ];
  return withSaid(parts, says?.within);
}

function spotifyOf({ api, token, says }: Step): string {
  return withSaid([boundText('API', api), boundText('TOK', token)], says?.spotify);
}

function boundText(label: keyof PageColumns | string, bound: Bound | undefined): string {
  if (bound === undefined) return '';
  if (typeof bound === 'number') return `${label} ${bound}`;
  const { atLeast = 0, atMost } = bound;
  return atLeast > 0 ? `${label} ${atLeast} to ${atMost}` : `${label} ≤ ${atMost}`;
}
