import type { Log } from '../../../observability/log.ts';

const warnEveryMs = 60_000;
const maxReasonChars = 200;

const unreachable = 'Redis (REDIS_URL) is unreachable or slow: continuing without it until it responds';
const rejects = 'Redis rejects REDIS_URL or a command: continuing without it';
const wasSilent = 'A connection to Redis (REDIS_URL) was silent, and is replaced';
const respondsAgain = 'Redis (REDIS_URL) responds again, and is used';

/** The log of a Redis that fails: one warning a minute, and one line when it responds again. */
export function createRedisLog(log: Log) {
  let nextWarningMs = 0;
  let isUnreachable = false; // as the log states it

  /** Returns whether it was logged. */
  function warn(fields: object, message: string): boolean {
    const nowMs = performance.now();
    if (nowMs < nextWarningMs) return false;
    nextWarningMs = nowMs + warnEveryMs;
    log.warn(fields, message);
    return true;
  }

  return {
    /** A command or a connection has failed. */
    failed(error: Error): void {
      const { name, message, code } = error as NodeJS.ErrnoException;
      if (name === 'ReplyError') warn({ reason: message.slice(0, maxReasonChars) }, rejects);
      else if (warn({ reason: code ?? message }, unreachable)) isUnreachable = true;
    },
    /** A connection was silent. */
    silent: () => void warn({}, wasSilent),
    /** Redis has responded. */
    responded(): void {
      if (isUnreachable) log.info({}, respondsAgain);
      isUnreachable = false;
    },
  };
}
