import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { families } from './api/routes.ts';
import { InvalidFaults, parseFaults } from './faults/parse.ts';
import type { FaultRule } from './faults/rule.ts';
import { describePreset, isPresetName, type PresetName, presetNames, rateWindowSeconds } from './presets.ts';
import { type QuotaMode, quotaModes } from './quota-mode.ts';

/** The options of the command line. */
export interface CliOptions {
  help: boolean;
  port: number;
  quotaMode: QuotaMode;
  faults: FaultRule[];
  presets: PresetName[];
  /** Calls per 30 s; undefined for no limit. */
  rateLimit: number | undefined;
  /** Calls per 24 h by endpoint family. */
  dailyLimits: Record<string, number>;
}

/** The command line is not valid; the message states the reason in one line. */
export class InvalidOption extends Error {
  override name = 'InvalidOption';
}

const flags = {
  port: { type: 'string', default: '4010' },
  'quota-mode': { type: 'string', default: 'development' },
  preset: { type: 'string', multiple: true, default: [] as string[] },
  'daily-limits': { type: 'string', multiple: true, default: [] as string[] },
  faults: { type: 'string', multiple: true, default: [] as string[] },
  'rate-limit': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsConfig['options'];

const largestPort = 65_535;
const helpWidth = 100; // characters of a line

export const usage = `Serves a stand-in for Spotify's Web API and token endpoint on 127.0.0.1.

  --port <n>             port to listen on, 0 for any free one (default ${flags.port.default})
  --quota-mode <mode>    ${quotaModes.join(' or ')} (default ${flags['quota-mode'].default})
  --preset <name>        a reported behaviour of Spotify, see below; can be repeated
  --daily-limits <list>  calls per 24 h of endpoint families, such as artists/albums=100,search=200
  --rate-limit <n>       respond 429 above n calls in any ${rateWindowSeconds} s
  --faults <json|@file>  a fault rule or a list of rules as JSON; POST /sandbox/faults adds more while it runs
  --help                 print this text

The presets, each with the reports that it is based on:

${presetNames.map(presetHelp).join('\n')}

Example: --faults '{"on": {"route": "search"}, "times": 3, "fault": {"kind": "answer", "status": 503}}'
`;

/**
 * Reads the command line.
 * @throws InvalidOption for an unknown flag or an invalid value
 */
export function readOptions(args: readonly string[]): CliOptions {
  const flagValues = readFlags(args);
  const { 'rate-limit': rateLimit } = flagValues;
  return {
    help: flagValues.help,
    port: readNumber('port', flagValues.port, 0, largestPort),
    quotaMode: readQuotaMode(flagValues['quota-mode']),
    presets: flagValues.preset.map(readPreset),
    rateLimit:
      rateLimit === undefined ? undefined : readNumber('rate-limit', rateLimit, 1, Number.MAX_SAFE_INTEGER),
    dailyLimits: readDailyLimits(flagValues['daily-limits'].join(',')),
    faults: flagValues.faults.flatMap(readFaults),
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags }).values;
  } catch (error) {
    // The first sentence states the problem, the others give hints about Node's syntax.
    const [sentence = ''] = error instanceof Error ? error.message.split(/\.\s/) : [];
    throw new InvalidOption(sentence);
  }
}

function readNumber(flag: string, text: string, minimum: number, maximum: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new InvalidOption(
    `--${flag} must be a whole number from ${minimum} to ${maximum}, not ${JSON.stringify(text)}`,
  );
}

function readQuotaMode(text: string): QuotaMode {
  const mode = quotaModes.find((quotaMode) => quotaMode === text);
  if (mode) return mode;
  throw new InvalidOption(`--quota-mode must be ${quotaModes.join(' or ')}, not ${JSON.stringify(text)}`);
}

function readPreset(text: string): PresetName {
  if (isPresetName(text)) return text;
  throw new InvalidOption(`--preset must be one of ${presetNames.join(', ')}, not ${JSON.stringify(text)}`);
}

function readDailyLimits(text: string): Record<string, number> {
  const entries = text.split(',').map((entry) => entry.trim());
  return Object.fromEntries(
    entries.filter(Boolean).map((entry) => {
      const [family = '', calls = '', ...rest] = entry.split('=');
      if (!families.includes(family))
        throw new InvalidOption(
          `--daily-limits has no endpoint family ${JSON.stringify(family)}; the families are ${families.join(', ')}`,
        );
      if (rest.length > 0 || !/^[1-9]\d{0,8}$/.test(calls))
        throw new InvalidOption(
          `--daily-limits must be a whole number for each family, such as search=200, not ${JSON.stringify(entry)}`,
        );
      return [family, Number(calls)];
    }),
  );
}

function readFaults(text: string): FaultRule[] {
  try {
    return parseFaults(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
  } catch (error) {
    const reason = error instanceof InvalidFaults ? error.message : `cannot read ${text.slice(1)}`;
    throw new InvalidOption(`--faults: ${reason}`);
  }
}

function presetHelp(name: PresetName): string {
  const { about, sources } = describePreset(name);
  return [`  ${name}`, ...wrapped(about), ...wrapped(`Seen: ${sources}.`)].join('\n');
}

/** The text in indented lines that fit a terminal. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const lastLine = lines.at(-1);
    if (lastLine !== undefined && lastLine.length + word.length < helpWidth)
      lines.splice(-1, 1, `${lastLine} ${word}`);
    else lines.push(`      ${word}`);
  }
  return lines;
}
