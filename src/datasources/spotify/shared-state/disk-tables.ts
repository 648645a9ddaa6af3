import { maxCounters } from './call-counters.ts';
import type { Sql } from './disk-connection.ts';
import { maxMessageChars, maxTopicChars, maxTopics, messageLifeMs } from './messages.ts';
import { maxEntryBytes } from './shared-store.ts';

/** Statements on the tables of the disk store. Times are milliseconds of the epoch by the clock of the machine. */

export function entry(sql: Sql, key: string, nowMs: number): Buffer | null {
  // SQLite finds the length of a value without reading it, but reads the value to find the column behind it.
  const isShort = `octet_length(value) <= ${maxEntryBytes}`;
  const value = sql(`SELECT value FROM entry WHERE key = ? AND ${isShort} AND until_ms > ?`).get(
    key,
    nowMs,
  )?.['value'];
  if (!(value instanceof Uint8Array)) return null;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

export function putEntry(sql: Sql, key: string, value: Buffer, untilMs: number): void {
  sql('INSERT OR REPLACE INTO entry (key, value, until_ms) VALUES (?, ?, ?)').run(key, value, untilMs);
}

const batch = 1_000; // entries that one step deletes: some 10 ms
const largeShare = 0.8; // of the limit, from where the oldest entries are deleted

/**
 * One step that deletes expired entries, and after them the oldest entries while the database is nearly full.
 * @returns whether another step is needed
 */
export function sweep(sql: Sql, nowMs: number, maxBytes: number): boolean {
  if (deleteExpired(sql, nowMs)) return true;
  if (usedBytes(sql) < maxBytes * largeShare) return false;
  return deleteOldest(sql) && usedBytes(sql) >= maxBytes * largeShare;
}

/** Frees space at once. */
export function evict(sql: Sql, nowMs: number): void {
  deleteExpired(sql, nowMs);
  deleteOldest(sql);
}

/** Deletes what has expired, at most a batch of entries. Returns whether there may be more of them. */
function deleteExpired(sql: Sql, nowMs: number): boolean {
  sql('DELETE FROM message WHERE until_ms <= ?').run(nowMs);
  sql('DELETE FROM lease WHERE until_ms <= ?').run(nowMs);
  const expired = `SELECT id FROM entry WHERE until_ms <= ? LIMIT ${batch}`;
  return Number(sql(`DELETE FROM entry WHERE id IN (${expired})`).run(nowMs).changes) === batch;
}

/** Deletes a tenth of the entries, at most a batch: those that were written first. Returns whether there were any. */
function deleteOldest(sql: Sql): boolean {
  const tenth = `SELECT min(${batch}, count(*) / 10 + 1) FROM entry`;
  const { changes } = sql(
    `DELETE FROM entry WHERE id IN (SELECT id FROM entry ORDER BY id LIMIT (${tenth}))`,
  ).run();
  return Number(changes) > 0;
}

function usedBytes(sql: Sql): number {
  const pragma = (name: string) => Number(sql(`PRAGMA ${name}`).get()?.[name]);
  return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
}

const bytesOfCharacter = 3; // at most, in UTF-8
const isShortMessage = `octet_length(topic) <= ${maxTopicChars * bytesOfCharacter} AND octet_length(text) <= ${maxMessageChars * bytesOfCharacter}`;

export const messagesAfter = (sql: Sql, id: number) =>
  sql(`SELECT id, topic, text FROM message WHERE id > ? AND ${isShortMessage} ORDER BY id LIMIT ${maxTopics}`)
    .all(id)
    .map((row) => ({ id: Number(row['id']), topic: String(row['topic']), text: String(row['text']) }));

/** Stores a message, and deletes the oldest ones. @param onConflict whether it replaces the message that its topic has */
export function putMessage(
  sql: Sql,
  topic: string,
  text: string,
  nowMs: number,
  onConflict: 'REPLACE' | 'IGNORE',
): void {
  const put = `INSERT OR ${onConflict} INTO message (topic, text, until_ms) VALUES (?, ?, ?)`;
  sql(put).run(topic, text, nowMs + messageLifeMs);
  sql(
    `DELETE FROM message WHERE id IN (SELECT id FROM message ORDER BY id DESC LIMIT -1 OFFSET ${maxTopics})`,
  ).run();
}

/** Whether any process has the lease. After the clock was set back, one may end later than a lease can: it does not count. */
export function hasLease(sql: Sql, key: string, nowMs: number, leaseMs: number): boolean {
  const untilMs = Number(sql('SELECT until_ms FROM lease WHERE key = ?').get(key)?.['until_ms'] ?? 0);
  return untilMs > nowMs && untilMs <= nowMs + leaseMs;
}

export function acquireLease(sql: Sql, key: string, owner: string, nowMs: number, leaseMs: number): boolean {
  if (hasLease(sql, key, nowMs, leaseMs)) return false;
  sql('INSERT OR REPLACE INTO lease (key, owner, until_ms) VALUES (?, ?, ?)').run(
    key,
    owner,
    nowMs + leaseMs,
  );
  return true;
}

export const renewLease = (sql: Sql, key: string, owner: string, untilMs: number) =>
  sql('UPDATE lease SET until_ms = ? WHERE key = ? AND owner = ?').run(untilMs, key, owner);

export const releaseLease = (sql: Sql, key: string, owner: string) =>
  sql('DELETE FROM lease WHERE key = ? AND owner = ?').run(key, owner);

/** The counters of a family. Those of a family that has too many are deleted: to read them would take much memory. */
export function counters(sql: Sql, family: string): Map<string, unknown> {
  const counterAboveLimit = `SELECT 1 FROM counter WHERE family = ? LIMIT 1 OFFSET ${maxCounters}`;
  if (sql(counterAboveLimit).get(family)) sql('DELETE FROM counter WHERE family = ?').run(family);
  const isShortName = `octet_length(name) <= ${maxNameBytes}`;
  return new Map(
    sql(`SELECT name, count FROM counter WHERE family = ? AND ${isShortName}`)
      .all(family)
      .map((row) => [String(row['name']), row['count']]),
  );
}

const maxNameBytes = 200; // twice the longest name that a gateway writes

/** Writes the counters that differ from the stored ones. */
export function putCounters(
  sql: Sql,
  family: string,
  stored: ReadonlyMap<string, unknown>,
  next: Readonly<Record<string, number>>,
): void {
  for (const name of stored.keys()) {
    if (!(name in next)) sql('DELETE FROM counter WHERE family = ? AND name = ?').run(family, name);
  }
  for (const [name, count] of Object.entries(next)) {
    if (stored.get(name) !== count)
      sql('INSERT OR REPLACE INTO counter (family, name, count) VALUES (?, ?, ?)').run(family, name, count);
  }
}

/** Counts a call in a rolling window. Returns milliseconds until it is allowed; 0 if it was counted. */
export function reserveRate(sql: Sql, nowMs: number, limit: number, windowMs: number): number {
  sql('DELETE FROM rate WHERE at_ms <= ?').run(nowMs - windowMs);
  sql('UPDATE rate SET at_ms = ? WHERE at_ms > ?').run(nowMs, nowMs); // the clock was set back
  // The table has more calls than the limit if the limit was lowered.
  const expiring = sql('SELECT at_ms FROM rate ORDER BY at_ms DESC LIMIT 1 OFFSET ?').get(limit - 1);
  if (expiring) return Number(expiring['at_ms']) + windowMs - nowMs;
  sql('INSERT INTO rate (at_ms) VALUES (?)').run(nowMs);
  return 0;
}
