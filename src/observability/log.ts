import { pino, stdTimeFunctions } from 'pino';
import { shortened } from '../text.ts';
import { terminalLine } from './terminal-log.ts';

/** The log for the operator. No entry contains a header, a body or a URL. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Events that are no fault; a log may leave them out. */
  debug?(fields: object, message: string): void;
  /** Whether entries of this level are written; without it, all are. */
  isLevelEnabled?(level: 'info' | 'debug'): boolean;
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** The log entry of one operation; `operation-log.ts` adds its duration, codes and request id. */
export interface OperationLogEntry {
  /** The name of the operation in the document. */
  operation: string | null;
  /** The hash of the document. */
  document: string;
  plannedCalls: number;
  actualCalls: number;
  cacheHits: number;
}

// Bounds the length of a line: clients choose operation names, and messages may quote their requests.
const maxNameCharacters = 100;
const maxTextCharacters = 4_000; // of a message, a stack and every other text
const maxListEntries = 20;

/** Where the log is written. */
interface Terminal {
  isTTY?: boolean;
  write(text: string): unknown;
}

const maxWaitingBytes = 8_000_000; // of lines that cannot be written yet

/**
 * Where a process writes its log. Lines that cannot be written, such as to a full disk, are lost; pino alone would end the
 * process, and at its end try again for ever.
 */
export function processOutput(): Terminal {
  if (process.stdout.isTTY) return process.stdout;
  const output = pino.destination({ dest: 1, maxLength: maxWaitingBytes });
  return output.on('error', () => {
    output.flushSync = () => undefined;
  });
}

/**
 * The log: lines for people in a terminal, JSON with level names and ISO times elsewhere.
 * @param output by default stdout
 */
export function createLog(level: LogLevel, output?: Terminal): Log {
  const options = {
    level,
    base: null,
    serializers: { err: withoutExtras },
    formatters: { level: (name: string) => ({ level: name }) },
    timestamp: stdTimeFunctions.isoTime,
  };
  const terminal = output ?? process.stdout;
  return terminal.isTTY
    ? pino(options, { write: (json: string) => terminal.write(terminalLine(json)) })
    : pino(options, output);
}

/** An error may have other objects attached, such as a request with its headers: only name, message and stack are logged. */
const withoutExtras = (error: unknown) =>
  error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : String(error);

/** The same log, with every text cut to a maximum length. */
export function boundedLog(log: Log): Log {
  const isLevelEnabled = (level: 'info' | 'debug') => log.isLevelEnabled?.(level) ?? true;
  return {
    info(fields, message) {
      if (isLevelEnabled('info')) log.info(boundedFields(fields), cut(message));
    },
    warn: (fields, message) => log.warn(boundedFields(fields), cut(message)),
    error: (fields, message) => log.error(boundedFields(fields), cut(message)),
    debug(fields, message) {
      if (isLevelEnabled('debug')) log.debug?.(boundedFields(fields), cut(message));
    },
    isLevelEnabled,
  };
}

/** The name of an operation as logs and spans show it. */
export const shortName = (name: string): string => shortened(name, maxNameCharacters);

const boundedFields = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, bounded(value, name)]));

function bounded(value: unknown, name: string): unknown {
  if (typeof value === 'string') return name === 'operation' ? shortName(value) : cut(value);
  if (value instanceof Error) return boundedError(value);
  if (Array.isArray(value)) return boundedList(value);
  return value;
}

function boundedList(list: readonly unknown[]): unknown[] {
  const firstEntries = list.slice(0, maxListEntries).map((entry) => bounded(entry, ''));
  return list.length > maxListEntries
    ? [...firstEntries, `and ${list.length - maxListEntries} more`]
    : firstEntries;
}

function boundedError(error: Error): Error {
  const { name, message, stack = '' } = error;
  if (message.length <= maxTextCharacters && stack.length <= maxTextCharacters) return error;
  return Object.assign(new Error(cut(message)), {
    name: shortened(name, maxNameCharacters),
    stack: cut(stack),
  });
}

const cut = (text: string): string => shortened(text, maxTextCharacters);
