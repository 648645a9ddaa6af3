import type { ExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Context } from './context.ts';
import { epochMs } from './datasources/spotify/index.ts';
import type { Answer } from './fast-lane.ts';
import { type OperationUsage, usageOf } from './operation/report.ts';
import { stampOf } from './stamp.ts';

/** Whole answers, as bytes, for as long as each part of them is fresh: what an execution would give again. */
export interface HotAnswers {
  get(key: string): HotAnswer | undefined;
  /** Keeps the answer to what is asked again, unless a part of it failed, is stale, or is not known to stay. */
  put(key: string, answer: Answer, result: ExecutionResult, context: Context): void;
}

export interface HotAnswer {
  answer: Answer;
  /** What it is told to use whenever it is given again. */
  usage: OperationUsage;
  freshUntilMs: number;
  /** How often something held had been proven outdated when it was given. */
  changes: number;
}

const maxBytes = 16_000_000; // a thousand pages of a hundred albums
const entryBytes = 500;
const remembered = 10_000; // questions asked once

/** @param changes how often something held has been proven outdated since the start */
export function createHotAnswers(changes: () => number): HotAnswers {
  const answers = new LRUCache<string, HotAnswer>({
    maxSize: maxBytes,
    sizeCalculation: ({ answer }, key) => answer.body.byteLength + key.length + entryBytes,
  });

  // Most questions are asked once: to keep their answers took a quarter of the time of a small one.
  let asked = new Set<number>();
  let askedBefore = asked;

  function isAskedAgain(key: string): boolean {
    const stamp = stampOf(key);
    if (asked.has(stamp) || askedBefore.has(stamp)) return true;
    if (asked.size >= remembered) [asked, askedBefore] = [new Set(), asked];
    asked.add(stamp);
    return false;
  }

  return {
    get(key) {
      const hot = answers.get(key);
      if (!hot || (epochMs() < hot.freshUntilMs && hot.changes === changes())) return hot;
      answers.delete(key);
      return undefined;
    },
    put(key, answer, { errors = [] }, context) {
      const { freshUntilMs, usage } = context.scope ?? { freshUntilMs: 0 };
      const isWhole = answer.status === 200 && errors.length === 0 && usage?.stale.length === 0;
      if (!isWhole || !Number.isFinite(freshUntilMs) || epochMs() >= freshUntilMs || !isAskedAgain(key))
        return;
      const { actualCalls, cacheHits, ...used } = usageOf(context);
      const again = { ...used, actualCalls: 0, cacheHits: cacheHits + actualCalls };
      answers.set(key, { answer, usage: again, freshUntilMs, changes: changes() });
    },
  };
}
