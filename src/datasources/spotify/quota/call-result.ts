import type { Outcome } from '../transport/http.ts';
import { isEdgeRefusal, isUnexplained404 } from '../transport/retry.ts';
import type { CallResult } from './circuit-breaker.ts';

/**
 * The result of a call for the global breaker: any response of Spotify is a success.
 * @param outcome undefined if the call was not sent
 * @param refusedFamilies number of endpoint families of which the edge has refused calls since the last success: if it
 * refuses several families, this is an outage
 */
export function connectionResult(outcome: Outcome | undefined, refusedFamilies: number): CallResult {
  if (!outcome) return 'ignored';
  if (hasNoResponse(outcome)) return 'failed';
  if (outcome.kind === 'fault' || !isEdgeRefusal(outcome)) return 'succeeded';
  return refusedFamilies > 1 ? 'failed' : 'ignored';
}

/**
 * The result of a call for the breaker of its family. An endpoint fails with a 5xx, with a 404 that names no object and
 * if the edge refuses the call. A 429 says nothing about its health.
 * @param outcome undefined if the call was not sent
 */
export function endpointResult(outcome: Outcome | undefined): CallResult {
  if (!outcome || hasNoResponse(outcome)) return 'ignored';
  if (outcome.kind === 'fault') return 'succeeded';
  if (outcome.status === 429) return 'ignored';
  const hasFailed = outcome.status >= 500 || isUnexplained404(outcome) || isEdgeRefusal(outcome);
  return hasFailed ? 'failed' : 'succeeded';
}

const hasNoResponse = (outcome: Outcome): boolean =>
  outcome.kind === 'fault' && outcome.fault !== 'too-large' && outcome.fault !== 'not-json';
