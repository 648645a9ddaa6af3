import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { InvalidFaults, parseFaults } from './faults/parse.ts';
import type { FaultRule } from './faults/rule.ts';
import { type QuotaMode, quotaModes } from './quota-mode.ts';

/** What the command line asks for. */
export interface CliOptions {
  help: boolean;
  port: number;
  quotaMode: QuotaMode;
  faults: FaultRule[];
}

/** Says what is wrong with the command line, in one line. */
export class InvalidOption extends Error {
  override name = 'InvalidOption';
}

const flags = {
  port: { type: 'string', default: '4010' },
  'quota-mode': { type: 'string', default: 'development' },
  faults: { type: 'string' },
  'rate-limit': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsConfig['options'];

// Spotify counts the calls of any 30 seconds, and publishes no number.
const rateWindowSeconds = 30;
const largestPort = 65_535;

export const usage = `Serves a stand-in for Spotify's Web API and token endpoint on 127.0.0.1.

  --port <n>             port to listen on, 0 for any free one (default ${flags.port.default})
  --quota-mode <mode>    ${quotaModes.join(' or ')} (default ${flags['quota-mode'].default})
  --rate-limit <n>       answer 429 beyond n calls in any ${rateWindowSeconds} s
  --faults <json|@file>  one fault rule or a list of them; more can be sent to /sandbox/faults while it runs
  --help                 this text

For instance: --faults '{"on": {"route": "search"}, "times": 3, "fault": {"kind": "answer", "status": 503}}'
`;

/**
 * Reads the command line.
 * @throws InvalidOption for a flag that is unknown or has a value that will not do
 */
export function readOptions(args: readonly string[]): CliOptions {
  const values = readFlags(args);
  const rateLimit = values['rate-limit'];
  return {
    help: values.help,
    port: readNumber('port', values.port, 0, largestPort),
    quotaMode: readQuotaMode(values['quota-mode']),
    faults: [
      ...(rateLimit === undefined ? [] : [readRateLimit(rateLimit)]),
      ...(values.faults === undefined ? [] : readFaults(values.faults)),
    ],
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags }).values;
  } catch (error) {
    // The first sentence says what is wrong, the others how Node would have it written.
    const [sentence = ''] = error instanceof Error ? error.message.split('. ') : [];
    throw new InvalidOption(sentence);
  }
}

function readNumber(flag: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new InvalidOption(
    `--${flag} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`,
  );
}

function readQuotaMode(text: string): QuotaMode {
  const mode = quotaModes.find((known) => known === text);
  if (mode) return mode;
  throw new InvalidOption(`--quota-mode must be ${quotaModes.join(' or ')}, not ${JSON.stringify(text)}`);
}

function readRateLimit(text: string): FaultRule {
  const calls = readNumber('rate-limit', text, 1, Number.MAX_SAFE_INTEGER);
  return { fault: { kind: 'budget', calls, windowSeconds: rateWindowSeconds } };
}

function readFaults(text: string): FaultRule[] {
  try {
    return parseFaults(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
  } catch (error) {
    const reason = error instanceof InvalidFaults ? error.message : `cannot read ${text.slice(1)}`;
    throw new InvalidOption(`--faults: ${reason}`);
  }
}
