import { randomUUID } from 'node:crypto';
import { setImmediate as nextIteration } from 'node:timers/promises';
import type { Log } from '../../../observability/log.ts';
import { countersAfter } from './call-counters.ts';
import { openConnection, problemOf } from './disk-connection.ts';
import { type DiskDatabase, openDiskDatabase } from './disk-database.ts';
import { createDiskFiles } from './disk-files.ts';
import * as tables from './disk-tables.ts';
import { createLeases, type LeaseCommands, leaseMs } from './leases.ts';
import { createMessages, maxMessageChars, maxTopicChars } from './messages.ts';
import { maxEntryBytes, type SharedStore } from './shared-store.ts';

export interface DiskStoreOptions {
  dataDir: string;
  app: string;
  log: Log;
  maxBytes?: number;
}

const defaultMaxBytes = 256_000_000; // 50,000 entries of 5 KB, or 18,000 pages of 50 with the keys of their objects
const pollEveryMs = 100; // for messages of other processes
const checkLeasesEveryMs = 5; // a release sends no message
const sweepEveryMs = 60_000;

/** Whether this process can open the database of the app; a directory that is missing is created. */
export function canOpenDiskStore(dataDir: string, app: string): boolean {
  try {
    openConnection(createDiskFiles(dataDir, app), defaultMaxBytes).close();
    return true;
  } catch (error) {
    return ['busy', 'damaged'].includes(problemOf(error)); // locked for a moment, or replaced by an empty database
  }
}

export function createDiskStore(options: DiskStoreOptions): SharedStore {
  const { dataDir, app, log, maxBytes = defaultMaxBytes } = options;
  const database = openDiskDatabase({
    files: createDiskFiles(dataDir, app),
    maxBytes,
    freeSpace: (sql) => tables.evict(sql, Date.now()),
    onReopened: () => messages.deliverFromStart(),
    log,
  });
  const messages = createDiskMessages(database);
  const leases = createLeases(leaseCommands(database, messages.deliver), checkLeasesEveryMs);
  const sweepTimer = setInterval(sweep, sweepEveryMs).unref();

  function sweep(): void {
    const hasMore = database.write((sql) => tables.sweep(sql, Date.now(), maxBytes));
    if (hasMore) setImmediate(sweep); // not at once: clients would wait for all steps
  }

  return {
    ...leases,
    ...messages,
    async getEntries(keys) {
      const values = database.read((sql) => keys.map((key) => tables.entry(sql, key, Date.now())));
      return keys.map((_, i) => values?.[i] ?? null);
    },
    setEntries(entries) {
      const nowMs = Date.now();
      database.write((sql) => {
        for (const { key, value, lifeMs } of entries)
          if (value.byteLength <= maxEntryBytes) tables.putEntry(sql, key, value, Math.ceil(nowMs + lifeMs));
      });
    },
    reserveCall: async (family, reservation) =>
      database.write((sql) => {
        const stored = tables.counters(sql, family);
        const result = countersAfter(stored, reservation);
        tables.putCounters(sql, family, stored, result.counters);
        return result;
      }),
    reserveRate: async (limit, windowMs) =>
      database.write((sql) => tables.reserveRate(sql, Date.now(), limit, windowMs)) ?? 0,
    isAvailable: () => database.read(() => true) === true,
    async close() {
      clearInterval(sweepTimer);
      messages.close();
      leases.close();
      database.close();
    },
  };
}

function createDiskMessages(database: DiskDatabase) {
  const messages = createMessages();
  let lastId = 0;

  /** Delivers the messages that have not been delivered. */
  function deliver(): void {
    for (const { id, topic, text } of database.read((sql) => tables.messagesAfter(sql, lastId)) ?? []) {
      lastId = id;
      messages.deliver(topic, text);
      // A listener that publishes may have opened the database again; its message causes the delivery from the start.
      if (lastId !== id) return;
    }
  }

  const synced = nextIteration().then(deliver);
  function send(topic: string, text: string): void {
    database.write((sql) => tables.putMessage(sql, topic, text, Date.now(), 'REPLACE'));
    setImmediate(deliver); // to this process too
  }

  const pollTimer = setInterval(() => {
    if (database.hasChanged()) deliver();
    for (const [topic, text] of messages.undelivered()) send(topic, text);
  }, pollEveryMs).unref();

  return {
    publish(topic: string, message: object): void {
      const text = JSON.stringify(message);
      if (topic.length > maxTopicChars || text.length > maxMessageChars) return;
      messages.rememberSent(topic, text);
      send(topic, text);
    },
    publishAgain(): void {
      database.write((sql) => {
        for (const [topic, text] of messages.latest())
          tables.putMessage(sql, topic, text, Date.now(), 'IGNORE');
      });
    },
    subscribe: messages.subscribe,
    whenSynced: () => synced,
    deliver,
    /** The next delivery starts at the first stored message, because the database was opened again. */
    deliverFromStart(): void {
      lastId = 0;
    },
    close: () => clearInterval(pollTimer),
  };
}

function leaseCommands(database: DiskDatabase, deliverMessages: () => void): LeaseCommands {
  const owner = randomUUID();
  return {
    acquire: async (keys) =>
      database.write((sql) => keys.map((key) => tables.acquireLease(sql, key, owner, Date.now(), leaseMs))),
    async haveEnded(keys) {
      const ended = database.read((sql) =>
        keys.map((key) => !tables.hasLease(sql, key, Date.now(), leaseMs)),
      );
      // A lower page size, for example, that the holder of the lease has just learned.
      if (ended?.includes(true)) deliverMessages();
      return ended;
    },
    renew(keys): void {
      database.write((sql) => {
        for (const key of keys) tables.renewLease(sql, key, owner, Date.now() + leaseMs);
      });
    },
    release: (key) => void database.write((sql) => tables.releaseLease(sql, key, owner)),
  };
}
