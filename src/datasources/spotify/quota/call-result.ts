import { isTimeout, type Outcome } from '../transport/http.ts';
import { isEdgeRejection, isUnexplained404 } from '../transport/response-meaning.ts';

/** `ignored`: the result does not show whether the endpoint works (429, or the call was not sent). */
export type CallResult = 'succeeded' | 'failed' | 'ignored';

/**
 * The result of a call for the breaker of the connection: any response of Spotify is a success.
 * @param outcome undefined if the call was not sent
 * @param rejectedFamilies number of endpoint families of which the edge has rejected calls since the last success: if it
 * rejects several families, this is an outage
 * @param othersRespond whether a call of another family has just succeeded
 */
export function connectionResult(
  outcome: Outcome | undefined,
  rejectedFamilies: number,
  othersRespond: boolean,
): CallResult {
  if (!outcome || (outcome.kind === 'fault' && outcome.isClosed)) return 'ignored';
  if (isTimeout(outcome) && othersRespond) return 'ignored';
  if (hasNoResponse(outcome)) return 'failed';
  if (outcome.kind === 'fault' || !isEdgeRejection(outcome)) return 'succeeded';
  return rejectedFamilies > 1 ? 'failed' : 'ignored';
}

/**
 * The result of a call for the breaker of its family. An endpoint fails with a 5xx, with a 404 that names no object, if the
 * edge rejects the call, and if it alone does not respond in time. A 429 does not show whether the endpoint works.
 * @param outcome undefined if the call was not sent
 * @param othersRespond whether a call of another family has just succeeded
 */
export function endpointResult(outcome: Outcome | undefined, othersRespond: boolean): CallResult {
  if (outcome && isTimeout(outcome) && othersRespond) return 'failed';
  if (!outcome || hasNoResponse(outcome)) return 'ignored';
  if (outcome.kind === 'fault') return 'succeeded';
  if (outcome.status === 429) return 'ignored';
  const hasFailed = outcome.status >= 500 || isUnexplained404(outcome) || isEdgeRejection(outcome);
  return hasFailed ? 'failed' : 'succeeded';
}

const hasNoResponse = (outcome: Outcome): boolean =>
  outcome.kind === 'fault' && outcome.fault !== 'too-large' && outcome.fault !== 'not-json';
