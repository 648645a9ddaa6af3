import { LRUCache } from 'lru-cache';
import { epochMs } from '../observability/clock.ts';
import type { OperationLogEntry } from '../observability/log.ts';
import { startOperation } from '../observability/tracing.ts';
import type { ReportOperation } from '../operation/operation-log.ts';
import type { Client } from '../operation/request.ts';
import { traceHeader } from '../operation/trace.ts';
import type { Reuse } from './cache-headers.ts';

export type ResponseCache = ReturnType<typeof createResponseCache>;

interface CacheEntry {
  body: Buffer;
  reuse: Reuse;
  /** What is logged of each cache hit. */
  logEntry: OperationLogEntry;
  /** The count before the operation was executed. */
  invalidationCount: number;
}

const maxBytes = 16_000_000; // a thousand pages of a hundred albums, with the requests that are their keys
const entryBytes = 500; // of an entry without its key and its body
const bytesOfCharacter = 2; // of a key, at most

/**
 * The key of a request: its parameters as JSON, so that two requests share a response only if they are equal. Null for
 * a request with the header for its cost, because its response is never cached.
 * @param json the parameters of the request
 */
export const responseKey = (json: string, { header }: Pick<Client, 'header'>): string | null =>
  header(traceHeader) === null ? json : null;

/**
 * The bodies of complete responses, each kept while all of its parts are fresh.
 * @param invalidationCount see `Spotify.invalidationCount`
 */
export function createResponseCache(invalidationCount: () => number, report: ReportOperation) {
  const entries = new LRUCache<string, CacheEntry>({
    maxSize: maxBytes,
    sizeCalculation: ({ body, reuse }, key) =>
      body.byteLength + reuse.cacheTag.length + key.length * bytesOfCharacter + entryBytes,
  });

  return {
    /** The response to an equal request, which is reported like an operation that ran. */
    get(key: string | null, request: Pick<Client, 'header' | 'requestId'>): CacheEntry | undefined {
      if (key === null) return undefined;
      const startMs = performance.now();
      const entry = entries.get(key);
      if (!entry) return undefined;
      if (epochMs() >= entry.reuse.freshUntilMs || entry.invalidationCount !== invalidationCount()) {
        entries.delete(key);
        return undefined;
      }
      startOperation(request).end(entry.logEntry, { type: 'query', codes: [], calls: [] });
      const milliseconds = performance.now() - startMs;
      report(entry.logEntry, { milliseconds, codes: [], requestId: request.requestId });
      return entry;
    },
    /** To be read before an operation is executed. */
    invalidationCount,
    /**
     * Caches a response, unless it must not be reused.
     * @param countBefore invalidations before the operation was executed: it may hold data that was outdated meanwhile
     */
    put(
      key: string | null,
      { body, reuse, logEntry }: { body: Buffer; reuse: Reuse | null; logEntry: OperationLogEntry },
      countBefore: number,
    ): void {
      if (key === null || reuse === null) return;
      const { cacheHits, actualCalls } = logEntry;
      const entryOfHit = { ...logEntry, actualCalls: 0, cacheHits: cacheHits + actualCalls };
      entries.set(key, { body, reuse, logEntry: entryOfHit, invalidationCount: countBefore });
    },
  };
}
