import { createRequire } from 'node:module';
import type {
  DatabaseSyncInstance as Database,
  StatementSyncInstance as Statement,
} from '@photostructure/sqlite';
import { getOrCreate } from '../../../maps.ts';
import type { DiskFiles } from './disk-files.ts';
import { storeVersion } from './shared-store.ts';

/** Returns the prepared statement of a text. */
export type Sql = (text: string) => Statement;

export type Connection = ReturnType<typeof connect>;

const openTimeoutMs = 2_000; // processes that start together create the tables one after the other
const lockTimeoutMs = 25; // a step takes less than 1 ms: a process that takes longer has stopped
const pageBytes = 4_096;

const schema = [
  'CREATE TABLE entry (id INTEGER PRIMARY KEY, key TEXT UNIQUE, value BLOB, until_ms INTEGER)',
  'CREATE INDEX entry_until ON entry (until_ms)',
  'CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT UNIQUE, text TEXT, until_ms INTEGER)',
  'CREATE TABLE lease (key TEXT PRIMARY KEY, owner TEXT, until_ms INTEGER) WITHOUT ROWID',
  'CREATE TABLE counter (family TEXT, name TEXT, count INTEGER, PRIMARY KEY (family, name)) WITHOUT ROWID',
  'CREATE TABLE rate (id INTEGER PRIMARY KEY, at_ms INTEGER)',
];

// With a write-ahead log, synchronous = NORMAL loses nothing when a process ends at any point, and waits for the disk once
// for 1,000 pages. The last three limit the log and reject damaged files.
const settings = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA journal_size_limit = 16000000;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF;`;

const require = createRequire(import.meta.url);

/**
 * Opens the database, if need be an empty one.
 * @param maxBytes limit of the database file; the log of the last writes has up to 16 MB more
 */
export function openConnection(files: DiskFiles, maxBytes: number): Connection {
  // Loaded on demand: it takes 20 ms of a start.
  const sqlite = require('@photostructure/sqlite') as typeof import('@photostructure/sqlite');
  const path = files.prepare();
  const fileId = files.fileId();
  const database = new sqlite.DatabaseSync(path, { timeout: openTimeoutMs });
  try {
    const connection = connect(database, fileId);
    database.exec(settings);
    database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / pageBytes)}`);
    connection.transaction(() => createTables(database));
    database.exec(`PRAGMA busy_timeout = ${lockTimeoutMs}`);
    return connection;
  } catch (error) {
    database.close();
    throw error;
  }
}

function createTables(database: Database): void {
  const foundVersion = database.prepare('PRAGMA user_version').get()?.['user_version'];
  // Tables of SQLite itself have names such as `sqlite_sequence`.
  const select = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'";
  const found = database
    .prepare(select)
    .all()
    .map((row) => String(row['sql']));
  if (foundVersion !== storeVersion && found.length > 0)
    throw new UnknownFormat('database of another version');
  // A view, a trigger or a generated column runs expressions of its own, which may take all time or memory.
  if (found.some((sql) => !schema.includes(sql))) throw new UnknownFormat('database with other tables');
  for (const sql of schema) if (!found.includes(sql)) database.exec(sql);
  database.exec(`PRAGMA user_version = ${storeVersion};`);
}

class UnknownFormat extends Error {}

/** An open SQLite database with the tables of the store. Every method throws if it fails (see `problemOf`). */
function connect(database: Database, fileId: number | null) {
  const statements = new Map<string, Statement>();
  const sql: Sql = (text) => getOrCreate(statements, text, () => database.prepare(text));
  return {
    sql,
    fileId,
    /** Runs one atomic step that writes. */
    transaction<T>(step: (sql: Sql) => T): T {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = step(sql);
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close(): void {
      try {
        database.close();
      } catch {
        // Its last writes fail: the disk is full, or its files are damaged.
      }
    },
  };
}

/** Why a step failed. */
export type Problem = 'busy' | 'full' | 'damaged' | 'unusable';

const sqliteBusy = 5;
const sqliteFull = 13;
const damagedCodes = [11, 26]; // corrupt, not a database
const damagedText = /malformed|not a database|no such (?:table|column)/; // some errors have no code

export function problemOf(error: unknown): Problem {
  if (error instanceof UnknownFormat || damagedText.test(errorText(error))) return 'damaged';
  const { errcode, code } = error as { errcode?: number; code?: string };
  if (code === 'ENOSPC') return 'full';
  if (errcode === undefined) return 'unusable';
  const primary = errcode % 256; // SQLite's extended codes have further details above these bits
  if (damagedCodes.includes(primary)) return 'damaged';
  if (primary === sqliteBusy) return 'busy';
  return primary === sqliteFull ? 'full' : 'unusable';
}

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
