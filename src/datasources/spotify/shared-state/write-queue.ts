import type { Sql } from './disk-connection.ts';
import type { DiskDatabase } from './disk-database.ts';

export type WriteQueue = ReturnType<typeof createWriteQueue>;

/** Collects the writes of one event-loop iteration into one transaction, which costs as much as a single write. */
export function createWriteQueue(database: DiskDatabase) {
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
    /** Writes at the end of the iteration; lost if the database does not respond. */
    enqueue(write: (sql: Sql) => void): void {
      if (queue.length === 0) setImmediate(flush);
      queue.push(write);
    },
    /** Writes everything that is queued. */
    flush,
    /** Runs a step after everything that is queued; null if the database does not respond. */
    run<T>(step: (sql: Sql) => T): T | null {
      flush();
      return database.write(step);
    },
  };
}
