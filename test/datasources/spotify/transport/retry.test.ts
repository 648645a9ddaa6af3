import { describe, expect, test } from 'vitest';
import type { HttpFault, HttpResponse, Outcome } from '../../../../src/datasources/spotify/transport/http.ts';
import { isEdgeRejection } from '../../../../src/datasources/spotify/transport/response-meaning.ts';
import {
  decideRetry,
  maxAttempts,
  type RetryDecision,
} from '../../../../src/datasources/spotify/transport/retry.ts';
import { response } from '../../../support/request-queue.ts';

const nowMs = Date.UTC(2026, 9, 21, 7, 28, 0);
const day = 86_400_000;

const fault = (kind: HttpFault['fault']): HttpFault => ({ kind: 'fault', fault: kind, code: 'E' });
const quota = { error: { reason: 'QUOTA_EXCEEDED' } };

/** A decision in one line: the act, the wait in milliseconds, the error for the client. */
function describeDecision(decision: RetryDecision): string {
  switch (decision.act) {
    case 'accept':
      return 'accept';
    case 'fail':
      return `fail ${decision.error.code}`;
    case 'backOff':
      return `back off ${decision.reason} ${decision.waitMs}`;
    case 'retry':
      return `retry in ${decision.waitMs} back-off ${decision.backOffMs} else ${describeDecision(decision.otherwise)}`;
  }
}
const decisionAfter = (outcome: Outcome, attempt = 1, chance = 0): string =>
  describeDecision(decideRetry(outcome, attempt, chance, nowMs));

describe('the decision on one attempt', () => {
  test.each([200, 304, 400, 401, 403, 410])('a %i is returned to the caller', (status) => {
    const outcome = response(status, { retryAfter: '30' });
    expect(decideRetry(outcome, 1, 0.5, nowMs)).toEqual({ act: 'accept', response: outcome });
  });

  test('a 404 with a message of Spotify is returned to the caller', () => {
    const outcome = response(404, { body: { error: { status: 404, message: 'Resource not found' } } });
    expect(decideRetry(outcome, 1, 0.5, nowMs)).toEqual({ act: 'accept', response: outcome });
  });

  test.each([
    ['an empty body', undefined],
    ['HTML', '<html>404 Not Found</html>'],
    ['plain text', 'Not Found'],
    ['another JSON object', {}],
    ['JSON null', null],
    ['an error without a message', { error: { status: 404 } }],
    ['an error whose message is empty', { error: { status: 404, message: ' ' } }],
    ['an error in the form of the token endpoint', { error: 'not_found' }],
  ])('a 404 with %s is retried', (_, body) => {
    expect(decisionAfter(response(404, { body }))).toBe('retry in 0 back-off 0 else accept');
  });

  const premium = 'Active premium subscription required for the owner of the app. Wait a few hours.';

  test.each([
    ['JSON', { error: { status: 403, message: premium } }],
    ['plain text', premium],
    ['HTML', `<html><body>${premium}</body></html>`],
  ])('a 403 that states in %s that the Premium subscription has lapsed is final', (_, body) => {
    expect(decisionAfter(response(403, { body }))).toBe('fail UPSTREAM_FORBIDDEN');
    expect(isEdgeRejection(response(403, { body }))).toBe(false);
  });

  test.each<[unknown, boolean]>([
    [undefined, true],
    ['', true],
    ['<html>Forbidden</html>', true],
    ['Forbidden', true],
    [{ error: { status: 403, message: 'Forbidden' } }, false],
    [{ error: { status: 403 } }, false],
    [{}, false],
  ])('a 403 with the body %o was sent by a proxy of Spotify: %s', (body, isEdge) => {
    expect(isEdgeRejection(response(403, { body }))).toBe(isEdge);
    expect(decisionAfter(response(403, { body }))).toBe('accept');
  });

  test.each([100, 201, 202, 204, 206, 301, 302, 307, 402, 405, 409, 418, 422, 428, 431, 451, 499])(
    'a %i is final, even with a Retry-After',
    (status) => {
      expect(decisionAfter(response(status, { retryAfter: '1' }))).toBe('fail UPSTREAM_BAD_RESPONSE');
    },
  );

  test.each([408, 425, 500, 501, 502, 503, 504, 505, 599])('a %i is retried', (status) => {
    expect(decisionAfter(response(status))).toBe('retry in 0 back-off 0 else fail UPSTREAM_UNAVAILABLE');
    expect(decisionAfter(response(status, { retryAfter: '2' }))).toBe(
      'retry in 2000 back-off 0 else fail UPSTREAM_UNAVAILABLE',
    );
  });

  test.each<[HttpFault['fault'], string]>([
    ['timeout', 'retry in 0 back-off 0 else fail UPSTREAM_TIMEOUT'],
    ['transport', 'retry in 0 back-off 0 else fail UPSTREAM_UNAVAILABLE'],
    ['tls', 'fail UPSTREAM_UNAVAILABLE'],
    ['too-large', 'fail UPSTREAM_BAD_RESPONSE'],
    ['not-json', 'fail UPSTREAM_BAD_RESPONSE'],
  ])('after a fault of kind %s the decision is: %s', (kind, line) => {
    expect(decisionAfter(fault(kind))).toBe(line);
  });

  test.each<[Partial<HttpResponse>, number, string]>([
    [{ retryAfter: '1' }, 1, 'retry in 1000 back-off 1000 else back off rate 1000'],
    [{ retryAfter: '2' }, 2, 'retry in 2000 back-off 2000 else back off rate 2000'],
    [{ retryAfter: '0' }, 1, 'retry in 0 back-off 0 else back off rate null'],
    [{ retryAfter: '2' }, maxAttempts, 'back off rate 2000'],
    [{ retryAfter: '0' }, maxAttempts, 'back off rate null'],
    [{ retryAfter: '3' }, 1, 'back off rate 3000'],
    [{ retryAfter: '600' }, 1, 'back off rate 600000'],
    [{ retryAfter: '601' }, 1, 'back off quota 601000'],
    [{ retryAfter: '2592000' }, 1, `back off quota ${day}`],
    [{}, 1, 'back off rate null'],
    [{ retryAfter: 'soon' }, 1, 'back off rate null'],
    [{ body: quota }, 1, 'back off quota null'],
    [{ body: quota, retryAfter: '1' }, 1, 'back off quota 1000'],
    [{ body: quota, retryAfter: '0' }, 1, 'back off quota null'],
    [{ body: undefined }, 1, 'back off rate null'],
    [{ body: null }, 1, 'back off rate null'],
    [{ body: { error: 'quota' } }, 1, 'back off rate null'],
  ])('after a 429 with %o at attempt %i the decision is: %s', (rest, attempt, line) => {
    expect(decisionAfter(response(429, rest), attempt)).toBe(line);
  });

  test('a 503 that requests more than two seconds starts a back-off of its endpoint, of at most a minute', () => {
    expect(decisionAfter(response(503, { retryAfter: '3' }))).toBe('back off unavailable 3000');
    expect(decisionAfter(response(503, { retryAfter: '60' }))).toBe('back off unavailable 60000');
    expect(decisionAfter(response(503, { retryAfter: '61' }))).toBe('back off unavailable 60000');
    expect(decisionAfter(response(500, { retryAfter: '3' }))).toBe(
      'retry in 3000 back-off 0 else fail UPSTREAM_UNAVAILABLE',
    );
  });

  test.each<[Outcome, string]>([
    [response(404), 'accept'],
    [response(503), 'fail UPSTREAM_UNAVAILABLE'],
    [fault('timeout'), 'fail UPSTREAM_TIMEOUT'],
    [response(429, { retryAfter: '1' }), 'back off rate 1000'],
  ])('after %o at the last attempt the decision is final: %s', (outcome, line) => {
    expect(decisionAfter(outcome, maxAttempts)).toBe(line);
  });

  test('the wait before a retry is random, grows with each attempt, and is never shorter than Spotify requests', () => {
    const wait = (attempt: number, chance: number, outcome = response(500)) => {
      const decision = decideRetry(outcome, attempt, chance, nowMs);
      return decision.act === 'retry' ? decision.waitMs : null;
    };
    expect([wait(1, 0), wait(1, 0.5), wait(1, 1), wait(2, 1)]).toEqual([0, 50, 100, 200]);
    expect(wait(1, 1, response(503, { retryAfter: '1' }))).toBe(1_000);
    expect(wait(1, 0.5, response(429, { retryAfter: '1' }))).toBe(1_050);
  });
});
