import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError } from '../config.ts';
import { repeatedNames } from '../config-warnings.ts';

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
      `${file} ${problem}. It must be a file with lines such as PORT=4000, or be absent.`,
    );
  }
  const encoding = bytes.subarray(0, 2).equals(utf16Mark) ? 'utf-16le' : 'utf-8';
  const text = new TextDecoder(encoding).decode(bytes); // without a byte-order mark
  rejectOtherForms(file, text);
  const variables = parseEnv(text);
  for (const [name, value] of Object.entries(variables)) environment[name] ??= value;
  return repeatedNames(file, text);
}

/** `NAME: value` and `NAME value`; parseEnv ignores such lines. */
const otherForm = /^\s*(?:export\s+)?([A-Z][A-Z0-9_]+)(?:\s*:|\s+[^\s=])/;

/** A line that is neither blank nor a comment nor an assignment: parseEnv adds it to the name of the next variable. */
const noAssignment = /^\s*[^\s#][^=]*$/;

/** A value in quotes, which may have several lines, after the name and the equals sign. */
const quotedValue = /^(\s*[^\s#=][^\n=]*=[^\S\n]*)(["'`])[\s\S]*?\2/gm;

function rejectOtherForms(file: string, text: string): void {
  const withoutQuoted = text.replace(
    quotedValue,
    (value, start: string) => start + value.replace(/[^\n]/g, ''),
  );
  for (const [index, line] of withoutQuoted.split('\n').entries()) {
    const name = otherForm.exec(line)?.[1];
    const form = `Line ${index + 1} of ${file} must have the form`;
    if (name) throw new ConfigError(`${form} ${name}=value.`);
    if (noAssignment.test(line)) throw new ConfigError(`${form} NAME=value, or begin with #.`);
  }
}
