import { countText } from '../text.ts';

/** An entry of the log as pino writes it; that of an operation has the fields that `operation-log.ts` writes. */
interface Entry {
  time: string;
  level: string;
  msg: string;
  operation?: string | null;
  actualCalls?: number;
  cacheHits?: number;
  milliseconds?: number;
  codes?: readonly string[];
  disconnected?: boolean;
  /** A learned capability: the message of such an entry states all its fields. */
  ability?: string;
  err?: { name: string; message: string; stack?: string };
}

/**
 * An entry of the log for a terminal, such as `21:03:46 artist 12 ms, 1 call`.
 * @param json one line of JSON
 */
export function terminalLine(json: string): string {
  const entry: Entry = JSON.parse(json);
  const clock = new Date(entry.time).toTimeString().slice(0, 8);
  return `${clock} ${entryText(entry)}\n`;
}

function entryText(entry: Entry): string {
  if (entry.msg === 'operation') return operationText(entry);
  return entry.ability === undefined ? otherText(entry) : entry.msg;
}

function operationText(entry: Entry): string {
  const {
    operation,
    milliseconds = 0,
    actualCalls = 0,
    cacheHits = 0,
    codes = [],
    disconnected = false,
  } = entry;
  return [
    `${operation ?? 'unnamed'} ${Math.round(milliseconds)} ms`,
    countText(actualCalls, 'call'),
    cacheHits > 0 && `${cacheHits} cached`,
    disconnected && 'client disconnected',
    codes.length > 0 && [...new Set(codes)].join(' '),
  ]
    .filter(Boolean)
    .join(', ');
}

function otherText({ time: _, level, msg, err, ...fields }: Entry): string {
  const shownLevel = level === 'info' ? '' : `${level.toUpperCase()} `;
  const shownFields = Object.entries(fields)
    .filter(([, value]) => !states(msg, value))
    .map(([name, value]) => `${name}=${printable(value)}`);
  return [`${shownLevel}${msg}`, ...shownFields, err && `\n${err.stack ?? `${err.name}: ${err.message}`}`]
    .filter(Boolean)
    .join(' ');
}

/** Whether a message already has the value of a field as a word. */
const states = (message: string, value: unknown): boolean =>
  (typeof value === 'string' || typeof value === 'number') &&
  message.split(/[\s:,()]+/).includes(String(value));

const printable = (value: unknown): string =>
  typeof value === 'string' && /^[\w./:-]+$/.test(value) ? value : JSON.stringify(value);
