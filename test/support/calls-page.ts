import type { QuotaMode } from '../../src/sandbox/index.ts';
import type { Operation } from './operations.ts';

/** Spotify calls for one operation. */
export interface Measured {
  /** With nothing held. */
  calls: number;
  /** Once more within the time that answers are kept. */
  again: number;
  /** A hundred of it at the same time, with nothing held. */
  crowd: number;
  /** With nothing held, and nothing known of the app. */
  unknown: number;
  /** By the naive gateway. */
  naive: number;
}

export interface Row {
  operation: Operation;
  measured: Record<QuotaMode, Measured>;
}

/** Writes `docs/calls.md`. */
export function callsPage(rows: readonly Row[]): string {
  const least = rows.filter(({ operation }) => operation.least === undefined);
  const more = rows.filter(({ operation }) => operation.least !== undefined);
  const numbered = new Map([...least, ...more].map((row, i) => [row, i + 1]));
  const number = (row: Row): number => numbered.get(row) ?? 0;

  return `${[
    '# What a question costs',
    intro,
    '## The fewest calls',
    `Each number is the calls that arrived at Spotify for the question, with nothing held. ${naive}`,
    table(
      ['', 'question', 'extended', 'development', 'naive, extended', 'naive, development'],
      least.map((row) => [number(row), row.operation.title, ...costs(row, 'calls'), ...costs(row, 'naive')]),
    ),
    '## Once more, all at once, and the first time ever',
    everybody,
    table(
      [
        '',
        'question',
        'again, extended',
        'again, development',
        '100 at once, extended',
        '100 at once, development',
        'unknown app, extended',
        'unknown app, development',
      ],
      [...least, ...more].map((row) => [
        number(row),
        row.operation.title,
        ...costs(row, 'again'),
        ...costs(row, 'crowd'),
        ...costs(row, 'unknown'),
      ]),
    ),
    '## Why fewer cannot do',
    ...least.flatMap((row) => explanation(row, number(row))),
    '## Where more is spent than the least',
    'These questions could be answered with fewer calls; below the table stands what the others are spent on.',
    table(
      ['', 'question', 'extended', 'development', 'least, extended', 'least, development'],
      more.map((row) => {
        const { extended = 0, development = 0 } = row.operation.least ?? {};
        return [number(row), row.operation.title, ...costs(row, 'calls'), extended, development];
      }),
    ),
    ...more.flatMap((row) => explanation(row, number(row))),
  ].join('\n\n')}\n`;
}

const intro = `Spotify counts calls, so the gateway is built to ask it as little as a question allows. This page is written by
\`test/contract/calls.test.ts\`, which asks every question of the tables of a gateway in front of the sandbox and counts the calls that
arrive there; it fails when a number here is not the one it counts. Calls for the token are not among them: it is one an hour.

An app in _extended_ quota mode may read many objects with one call and has pages of 50. An app in _development_ mode, which
is what an ordinary app is since February 2026, reads objects one by one and has pages of 10.`;

const naive = `The naive gateway gives the same answers from the same schema and is what one
would write first: a resolver a field, a DataLoader a request, one call for each id and page, pages as large as the app may have
them, and no memory.`;

const everybody = `Asked _again_ within the time that answers are kept (\`CACHE_TTL_SECONDS\`), a question costs nothing. Asked a hundred times
_at once_ it costs what it costs once. Of an _unknown app_ (\`SPOTIFY_QUOTA_MODE=auto\`, with nothing learnt yet) the gateway finds out
by asking what it may do: one rejected call for a page that is too large (50 items), one for the batch read that an app in
development mode has not, and one object to see whether a field comes with it. That is paid once and not again.`;

const costs = ({ measured }: Row, what: keyof Measured): number[] => [
  measured.extended[what],
  measured.development[what],
];

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 1 ? '---' : '--:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function explanation({ operation }: Row, number: number): string[] {
  const { title, before, document, why } = operation;
  const prior = before === undefined ? [] : ['After', graphql(before), 'the question is'];
  return [`### ${number}. ${title}`, why, ...prior, graphql(shortened(document))];
}

const graphql = (document: string): string => `\`\`\`graphql\n${document}\n\`\`\``;

/** The document as one can read it: of long rows of the same a few. */
function shortened(document: string): string {
  const lines = document.split('\n').map((line) => line.replace(/\["(\w+)",.*"(\w+)"\]/, '["$1", …, "$2"]'));
  if (lines.length <= 12) return lines.join('\n');
  return [...lines.slice(0, 3), '  …', ...lines.slice(-2)].join('\n');
}
