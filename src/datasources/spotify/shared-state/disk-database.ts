import type { Log } from '../../../observability/log.ts';
import {
  type Connection,
  errorText,
  openConnection,
  type Problem,
  problemOf,
  type Sql,
} from './disk-connection.ts';
import type { DiskFiles } from './disk-files.ts';

export type DiskDatabase = ReturnType<typeof openDiskDatabase>;

export interface DiskDatabaseOptions {
  files: DiskFiles;
  /** Limit of the database file; the log of the last writes has up to 16 MB more. */
  maxBytes: number;
  /** Frees space when the database or the disk is full. */
  freeSpace: (sql: Sql) => void;
  /** Called when the database was opened again: it may be empty, or that of another process. */
  onReopened: () => void;
  log: Log;
}

const failuresUntilCooldown = 2; // in succession
const cooldownMs = 2_000; // without steps, after the failures
const unusableMs = 30_000; // without steps, after files that cannot be opened
const checkFileEveryMs = 1_000;
const warnEveryMs = 3_600_000; // for one problem that lasts
const warnAgainMs = 60_000; // for one that has returned after its end

/**
 * A SQLite database that several processes use. It may be locked, full, damaged or removed at any time.
 * Opens the database, if need be an empty one; if its files cannot be used, it does not respond, and tries again.
 */
export function openDiskDatabase(options: DiskDatabaseOptions) {
  const { files, maxBytes, log, freeSpace, onReopened } = options;
  let connection: Connection | undefined;
  let changeCount: unknown;
  let failures = 0;
  let pauseUntilMs = 0;
  let nextCheckMs = performance.now() + checkFileEveryMs;
  const { warn, recovered } = createWarnings(log);

  function pause(ms: number): void {
    failures = 0;
    pauseUntilMs = performance.now() + ms;
  }

  function open(startsEmpty: boolean): void {
    connection?.close();
    connection = undefined;
    changeCount = undefined;
    try {
      if (startsEmpty) files.remove();
      connection = openConnection(files, maxBytes);
    } catch (error) {
      const problem = problemOf(error);
      warn(problem, error);
      if (problem === 'damaged' && !startsEmpty) open(true);
      else pause(unusableMs);
    }
  }

  function reopen(startsEmpty: boolean): void {
    open(startsEmpty);
    if (connection) onReopened();
  }

  /** Another process has replaced the file, or it was deleted: this one would continue alone. */
  function checkFile(): void {
    if (performance.now() < nextCheckMs) return;
    nextCheckMs = performance.now() + checkFileEveryMs;
    if (connection && connection.fileId !== files.fileId()) reopen(false);
  }

  function handle(error: unknown): void {
    const problem = problemOf(error);
    warn(problem, error);
    if (problem === 'damaged') {
      reopen(true);
    } else if (problem === 'unusable') {
      connection?.close();
      connection = undefined; // opened again after the pause
      pause(cooldownMs);
    } else {
      failures += 1;
      if (failures >= failuresUntilCooldown) pause(cooldownMs);
    }
  }

  function attempt<T>(action: (current: Connection) => T): T | null {
    if (performance.now() < pauseUntilMs) return null;
    try {
      checkFile();
      if (!connection) reopen(false);
      if (!connection) return null;
      const result = action(connection);
      failures = 0;
      return result;
    } catch (error) {
      handle(error);
      return null;
    }
  }

  open(false);
  return {
    /** Result of the reads; null if the database does not respond. */
    read: <T>(reads: (sql: Sql) => T): T | null => attempt(({ sql }) => reads(sql)),
    /** The same for one atomic step that writes. */
    write: <T>(step: (sql: Sql) => T): T | null =>
      attempt((current) => {
        const result = writeTo(current, step, freeSpace);
        recovered();
        return result;
      }),
    /** Whether another process has written, or the database was replaced, since the last call. */
    hasChanged(): boolean {
      const count = attempt(({ sql }) => sql('PRAGMA data_version').get()?.['data_version']);
      const isChanged = count !== null && count !== changeCount;
      if (isChanged) changeCount = count;
      return isChanged;
    },
    close(): void {
      // SQLite truncates its log when the last statement is finalized, which the package leaves to the garbage collector.
      attempt(({ sql }) => sql('PRAGMA wal_checkpoint(TRUNCATE)').get());
      connection?.close();
      connection = undefined;
      pauseUntilMs = Number.POSITIVE_INFINITY;
    },
  };
}

/** Runs the step, if need be after freeing space. */
function writeTo<T>(connection: Connection, step: (sql: Sql) => T, freeSpace: (sql: Sql) => void): T {
  try {
    return connection.transaction(step);
  } catch (error) {
    if (problemOf(error) !== 'full') throw error;
    connection.transaction(freeSpace);
    return connection.transaction(step);
  }
}

/** Logs each problem once in a while, and the end of those that keep this process from using the files. */
function createWarnings(log: Log): { warn(problem: Problem, error: unknown): void; recovered(): void } {
  const nextWarningMs = new Map<Problem, number>();
  let isUnused = false; // whether the latest log line states that the files are not used
  return {
    warn(problem, error) {
      const nowMs = performance.now();
      if (nowMs < (nextWarningMs.get(problem) ?? 0)) return;
      nextWarningMs.set(problem, nowMs + warnEveryMs);
      log.warn({ problem, error: errorText(error) }, warnings[problem]);
      isUnused ||= problem !== 'damaged';
    },
    recovered() {
      if (!isUnused) return;
      isUnused = false;
      const soonMs = performance.now() + warnAgainMs;
      for (const [problem, atMs] of nextWarningMs) nextWarningMs.set(problem, Math.min(atMs, soonMs));
      log.info({}, 'The data directory (DATA_DIR) can be written again, and is used');
    },
  };
}

const warnings: Readonly<Record<Problem, string>> = {
  busy: 'The data directory is locked by another process: continuing without it',
  full: 'The data directory or its disk is full: new data stays in memory',
  damaged: 'The files in the data directory were damaged or unknown: starting with empty ones',
  unusable:
    'DATA_DIR cannot be used, so data stays in memory and is lost at a restart: choose a directory that this user may write',
};
