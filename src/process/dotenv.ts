import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError, spellingsOf } from '../config.ts';
import { type Assignment, docsHint, repeatedNames } from '../config-warnings.ts';

const utf16Mark = Buffer.from([0xff, 0xfe]); // Windows PowerShell writes such files

/**
 * Adds the variables of a `.env` file to the environment, if there is one. Variables of the environment take precedence.
 * @returns probable mistakes in the file, one sentence for each
 * @throws ConfigError if the file cannot be read, or a line is no assignment
 */
export function loadDotenv(file = '.env', environment: NodeJS.ProcessEnv = process.env): string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const problem = code === 'EISDIR' ? 'is a directory' : `cannot be read (${code})`;
    throw new ConfigError(
      `${file} ${problem}. It must be a file with lines such as PORT=4000, or be absent.\n${docsHint}`,
    );
  }
  const encoding = bytes.subarray(0, 2).equals(utf16Mark) ? 'utf-16le' : 'utf-8';
  const text = new TextDecoder(encoding).decode(bytes); // without a byte-order mark
  rejectOtherLines(file, text);
  const assignments = assignmentsIn(text);
  // Node reads the values; between the parts of a line it knows no tab, and one blank after `export`.
  const variables = parseEnv(assignments.map(({ name, value }) => `${name}=${value}`).join('\n'));
  const isUnset = (name: string) => spellingsOf(name).every((each) => environment[each] === undefined);
  const added = Object.entries(variables).filter(([name]) => isUnset(name));
  Object.assign(environment, Object.fromEntries(added));
  return repeatedNames(file, assignments);
}

/** A name and its value. A value in quotes may have several lines; one that begins with a quote must end with it. */
const assignment =
  /^[^\S\n]*(?:export[^\S\n]+)?([\w.-]+)[^\S\n]*=[^\S\n]*("[^"]*"|'[^']*'|`[^`]*`|(?![^\S\n]*["'`]).*)/gm;

const assignmentsIn = (text: string): Assignment[] =>
  [...text.matchAll(assignment)].map(({ index, 1: name = '', 2: value = '' }) => ({
    line: text.slice(0, index).split('\n').length,
    name,
    value: value.trimEnd(),
  }));

/** `NAME: value` and `NAME value`. */
const otherForm = /^\s*(?:export\s+)?([A-Z][A-Z0-9_]+)(?:\s*:|\s+[^\s=])/;

/** A value whose quote is not closed, in a line that is no assignment. */
const unclosedValue = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(["'`])(?!.*\2)/;

/** Rejects lines that are neither blank nor a comment nor an assignment: Node would ignore them, or take a part of them. */
function rejectOtherLines(file: string, text: string): void {
  const lines = text.replace(assignment, (match) => match.replace(/[^\n]/g, '')).split('\n');
  for (const [index, line] of lines.entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    throw new ConfigError(`Line ${index + 1} of ${file} ${problemOf(line)}.\n${docsHint}`);
  }
}

/** The message never contains the value, which may be a secret. */
function problemOf(line: string): string {
  const [, variable, quote] = unclosedValue.exec(line) ?? [];
  if (variable) return `opens the value of ${variable} with ${quote} and does not close it`;
  const name = otherForm.exec(line)?.[1];
  return `must have the form ${name ? `${name}=value` : 'NAME=value or NAME="value", or begin with #'}`;
}
