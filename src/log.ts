import { pino } from 'pino';

/** The one way in which the gateway says something to its operator. Never given a header, body or URL. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export const createLog = (level: LogLevel): Log =>
  pino({ level, base: null, serializers: { err: withoutExtras } });

/** An error may have anything hung on it, a request with its headers for one: name, message and stack go. */
const withoutExtras = (error: unknown) =>
  error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : String(error);
