import type { Sql } from './disk-connection.ts';
import type { DiskDatabase } from './disk-database.ts';

/** Collects writes into one transaction, which costs little more than a single write. */
export interface WriteQueue {
  /** Writes within 10 ms; lost if the database does not respond or the process is killed before. */
  enqueue(write: (sql: Sql) => void): void;
  /** Writes everything that is queued. */
  flush(): void;
  /** Runs a step after everything that is queued; null if the database does not respond. */
  run<T>(step: (sql: Sql) => T): T | null;
}

const collectMs = 10; // the pages of a wave of calls; other processes wait that much longer for them

export function createWriteQueue(database: DiskDatabase): WriteQueue {
  let queue: ((sql: Sql) => void)[] = [];

  function flush(): void {
    if (queue.length === 0) return;
    const writes = queue;
    queue = [];
    database.write((sql) => {
      for (const write of writes) write(sql);
    });
  }

  return {
    enqueue(write) {
      if (queue.length === 0) setTimeout(flush, collectMs);
      queue.push(write);
    },
    flush,
    run(step) {
      flush();
      return database.write(step);
    },
  };
}
