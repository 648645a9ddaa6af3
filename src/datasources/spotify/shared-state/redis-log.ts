import type { Log } from '../../../observability/log.ts';

/** The log of a Redis that fails: one warning a minute, and one line when it responds again. */
export interface RedisLog {
  /** A command or a connection has failed. */
  failed(error: Error): void;
  /** A connection was silent. */
  silent(): void;
  /** Redis has responded. */
  responded(): void;
}

const warnEveryMs = 60_000;
const maxReasonChars = 200;

const unreachable = 'Redis (REDIS_URL) is unreachable or slow: continuing without it until it responds';
const rejects = 'Redis rejects REDIS_URL or a command: continuing without it';
const wasSilent = 'A connection to Redis (REDIS_URL) was silent, and is replaced';
const respondsAgain = 'Redis (REDIS_URL) responds again, and is used';

export function createRedisLog(log: Log): RedisLog {
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
    failed(error) {
      const { name, message, code } = error as NodeJS.ErrnoException;
      if (name === 'ReplyError') warn({ reason: message.slice(0, maxReasonChars) }, rejects);
      else if (warn({ reason: code ?? message }, unreachable)) isUnreachable = true;
    },
    silent: () => void warn({}, wasSilent),
    responded() {
      if (isUnreachable) log.info({}, respondsAgain);
      isUnreachable = false;
    },
  };
}
