import type { ExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';
import { epochMs } from '../datasources/spotify/index.ts';
import type { OperationUsage } from '../observability/operation-usage.ts';
import { usageOf } from '../operation/report.ts';
import type { Context } from '../schema/context.ts';
import type { SerializedResponse } from './response.ts';

/** Whole responses, as bytes, for as long as each part of them is fresh: what an execution would give again. */
export interface HotAnswers {
  get(key: string): HotAnswer | undefined;
  /** Caches the response, unless a part of it failed, is stale, or has no known freshness. */
  put(key: string, response: SerializedResponse, result: ExecutionResult, context: Context): void;
}

export interface HotAnswer {
  response: SerializedResponse;
  /** Usage to report on each cache hit. */
  usage: OperationUsage;
  freshUntilMs: number;
  /** How often a cache entry had been proven outdated when the response was made. */
  changes: number;
}

const maxBytes = 16_000_000; // a thousand pages of a hundred albums, with the requests that are their keys
const entryBytes = 500; // what an entry takes beside its key and its body
const bytesOfCharacter = 2; // of a key, at most

/**
 * The key is the whole text of the request: two requests share a response only if they are equal.
 * @param changes how often a cache entry has been proven outdated since the start
 */
export function createHotAnswers(changes: () => number): HotAnswers {
  const responses = new LRUCache<string, HotAnswer>({
    maxSize: maxBytes,
    sizeCalculation: ({ response }, key) =>
      response.body.byteLength + key.length * bytesOfCharacter + entryBytes,
  });

  return {
    get(key) {
      const cached = responses.get(key);
      if (!cached || (epochMs() < cached.freshUntilMs && cached.changes === changes())) return cached;
      responses.delete(key);
      return undefined;
    },
    put(key, response, { errors = [] }, context) {
      const { freshUntilMs, usage } = context.operationContext ?? { freshUntilMs: 0 };
      const isWhole = response.status === 200 && errors.length === 0 && usage?.stale.length === 0;
      if (!isWhole || !Number.isFinite(freshUntilMs) || epochMs() >= freshUntilMs) return;
      const { actualCalls, cacheHits, ...used } = usageOf(context);
      const again = { ...used, actualCalls: 0, cacheHits: cacheHits + actualCalls };
      responses.set(key, { response, usage: again, freshUntilMs, changes: changes() });
    },
  };
}
