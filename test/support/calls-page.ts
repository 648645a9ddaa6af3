import type { QuotaMode } from '../../src/sandbox/index.ts';
import type { Operation } from './operations.ts';

/** Spotify calls for one operation. */
export interface CallCounts {
  /** With an empty cache. */
  calls: number;
  /** Repeated while the cached responses are fresh. */
  again: number;
  /** Executed ten times at once, with an empty cache. */
  concurrent: number;
  /** With an empty cache, for an app whose capabilities are unknown. */
  unknown: number;
  /** By the naive gateway. */
  naive: number;
}

export interface Row {
  operation: Operation;
  measured: Record<QuotaMode, CallCounts>;
}

/** Writes `docs/calls.md`. */
export function callsPage(rows: readonly Row[]): string {
  const minimal = rows.filter(({ operation }) => operation.least === undefined);
  const aboveMinimum = rows.filter(({ operation }) => operation.least !== undefined);
  const numbered = new Map([...minimal, ...aboveMinimum].map((row, i) => [row, i + 1]));
  const number = (row: Row): number => numbered.get(row) ?? 0;

  return `${[
    '# What an operation costs',
    intro,
    '## The fewest calls',
    `Each number is the calls that arrived at the sandbox for the operation, with an empty cache. ${naive}`,
    table(
      ['', 'operation', 'extended', 'development', 'naive, extended', 'naive, development'],
      minimal.map((row) => [
        number(row),
        row.operation.title,
        ...costs(row, 'calls'),
        ...costs(row, 'naive'),
      ]),
    ),
    '## Repeated, concurrent, and for an unknown app',
    otherCosts,
    table(
      [
        '',
        'operation',
        'again, extended',
        'again, development',
        '10 at once, extended',
        '10 at once, development',
        'unknown app, extended',
        'unknown app, development',
      ],
      [...minimal, ...aboveMinimum].map((row) => [
        number(row),
        row.operation.title,
        ...costs(row, 'again'),
        ...costs(row, 'concurrent'),
        ...costs(row, 'unknown'),
      ]),
    ),
    '## Why fewer calls are not possible',
    ...minimal.flatMap((row) => explanation(row, number(row))),
    '## Operations that cost more than the minimum',
    'These operations are possible with fewer calls; their texts state which calls are avoidable, and why the gateway sends them.',
    table(
      ['', 'operation', 'extended', 'development', 'minimum, extended', 'minimum, development'],
      aboveMinimum.map((row) => {
        const { extended = 0, development = 0 } = row.operation.least ?? {};
        return [number(row), row.operation.title, ...costs(row, 'calls'), extended, development];
      }),
    ),
    ...aboveMinimum.flatMap((row) => explanation(row, number(row))),
  ].join('\n\n')}\n`;
}

const intro = `Spotify limits calls, so the gateway uses as few calls as possible. \`npm run docs:calls\` writes this page: the test executes
every operation of the tables with a gateway in front of the sandbox and counts the calls that arrive there. \`npm test\` fails
if a number differs. Token calls are not counted: there is one an hour.

An app in _extended_ quota mode can read many objects with one call and has pages of 50. An app in _development_ mode, the
mode of an ordinary app since February 2026, reads objects one by one and has pages of 10.`;

const naive = `The naive gateway returns the same data from the same schema in the
simplest way: one resolver per field, one DataLoader per request, one call for each id and page, pages as large as the app may
have them, and no cache.`;

const otherCosts = `Executed _again_ while the responses are fresh (\`CACHE_TTL_SECONDS\`), an operation costs nothing. Executed ten times _at
once_, it costs the same as once. The capabilities of an _unknown app_ (\`SPOTIFY_QUOTA_MODE=auto\`, nothing learned yet) are
learned from calls: one rejected call for a page that is too large (50 items), one for a batch read, which an app in
development mode does not have, and one object to see whether Spotify sends a field. These calls are sent once.`;

const costs = ({ measured }: Row, column: keyof CallCounts): number[] => [
  measured.extended[column],
  measured.development[column],
];

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 1 ? '---' : '--:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function explanation({ operation }: Row, number: number): string[] {
  const { title, before, document, why } = operation;
  const prior = before === undefined ? [] : ['After', graphql(before), 'the operation is'];
  return [`### ${number}. ${title}`, why, ...prior, graphql(shortened(document))];
}

const graphql = (document: string): string => `\`\`\`graphql\n${document}\n\`\`\``;

/** The document with long lists of ids and of similar lines abbreviated. */
function shortened(document: string): string {
  const lines = document.split('\n').map((line) => line.replace(/\["(\w+)",.*"(\w+)"\]/, '["$1", …, "$2"]'));
  if (lines.length <= 12) return lines.join('\n');
  return [...lines.slice(0, 3), '  …', ...lines.slice(-2)].join('\n');
}
