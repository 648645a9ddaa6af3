import type { Sql } from './disk-connection.ts';
import type { DiskDatabase } from './disk-database.ts';

/** Collects the writes of one event-loop iteration into one transaction, which costs as much as a single write. */
export interface WriteQueue {
  /** Writes at the end of the iteration; lost if the database does not respond. */
  enqueue(write: (sql: Sql) => void): void;
  /** Writes everything that is queued. */
  flush(): void;
  /** Runs a step after everything that is queued; null if the database does not respond. */
  run<T>(step: (sql: Sql) => T): T | null;
}

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
      if (queue.length === 0) setImmediate(flush);
      queue.push(write);
    },
    flush,
    run(step) {
      flush();
      return database.write(step);
    },
  };
}
