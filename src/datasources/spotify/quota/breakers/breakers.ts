import { getOrCreate } from '../../../../maps.ts';
import { epochMs } from '../../../../observability/clock.ts';
import { durationText } from '../../../../text.ts';
import { families } from '../../kinds/index.ts';
import { type Message, subscribeTo } from '../../shared-state/messages.ts';
import type { Outcome } from '../../transport/http.ts';
import { isEdgeRejection } from '../../transport/response-meaning.ts';
import { maxRetryAfterMs } from '../../transport/retry-after.ts';
import { type ActiveBackOff, type BackOffReason, backOffReasons } from '../../transport/upstream-errors.ts';
import type { Family } from '../../usage/observer.ts';
import type { OpenState } from './back-off.ts';
import { connectionResult, endpointResult } from './call-result.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { failureWindowMs } from './failure-rate.ts';
import { createPremiumBreaker, type PremiumBreakerOptions } from './premium-breaker.ts';

export type Breakers = ReturnType<typeof createBreakers>;

const subject = 'back-off';

/**
 * The circuit breakers that a call passes: Premium, the one of the connection, and that of its family. A transport fault
 * concerns the connection to Spotify and not one endpoint. A call without a response in time concerns its endpoint if other
 * endpoints respond.
 */
export function createBreakers({ store, log, onOpen }: PremiumBreakerOptions) {
  const connectionBreaker = createCircuitBreaker();
  const familyBreakers = new Map<Family, CircuitBreaker>();
  const premium = createPremiumBreaker({ store, log, onOpen });
  // Families of which the edge has rejected a call since the last success of any endpoint.
  const edgeRejections = new Set<Family>();
  const lastSuccessMs = new Map<Family, number>(); // of any call of the family

  const familyBreakerOf = (family: Family) => getOrCreate(familyBreakers, family, createCircuitBreaker);
  const breakersOf = (family: Family) => [connectionBreaker, familyBreakerOf(family)] as const;

  /**
   * Changes a breaker, and reports it if that opens the breaker.
   * @param family null for the breaker of the connection
   */
  function change(family: Family | null, nowMs: number, act: (breaker: CircuitBreaker) => void): void {
    const breaker = family === null ? connectionBreaker : familyBreakerOf(family);
    const waitMsBefore = breaker.openState(nowMs)?.waitMs ?? 0;
    act(breaker);
    const openState = breaker.openState(nowMs);
    if (!openState || openState.waitMs <= waitMsBefore) return;
    onOpen();
    if (waitMsBefore === 0) log?.warn(...backOffMessage(family, openState));
  }

  /** Starts a back-off in this process, unless the family is in a longer one. */
  function trip(family: Family, reason: BackOffReason, waitMs: number | null) {
    const nowMs = performance.now();
    let hasStarted = false;
    change(family, nowMs, (breaker) => {
      hasStarted = breaker.trip(reason, waitMs, nowMs);
    });
    return { hasStarted, active: familyBreakerOf(family).openState(nowMs) };
  }

  const receivedUntilMs = new Map<Family, number>(); // the end of the last back-off that another process has published
  subscribeTo(store, subject, (message, name) => {
    const backOff = parseBackOff(name, message);
    // The store delivers a message again after a reconnection: that does not prolong the back-off.
    if (!backOff || backOff.waitMs <= 0 || receivedUntilMs.get(backOff.family) === backOff.untilMs) return;
    receivedUntilMs.set(backOff.family, backOff.untilMs);
    trip(backOff.family, backOff.reason, backOff.waitMs);
  });

  function endCall(family: Family, outcome: Outcome | undefined, nowMs: number): void {
    const othersRespond = [...lastSuccessMs].some(
      ([other, atMs]) => other !== family && nowMs - atMs < failureWindowMs,
    );
    const atEndpoint = endpointResult(outcome, othersRespond);
    if (atEndpoint === 'succeeded') {
      edgeRejections.clear();
      lastSuccessMs.set(family, nowMs);
    }
    if (outcome?.kind === 'response' && isEdgeRejection(outcome)) edgeRejections.add(family);
    const onConnection = connectionResult(outcome, edgeRejections.size, othersRespond);
    change(null, nowMs, (breaker) => breaker.endCall(onConnection, nowMs));
    change(family, nowMs, (breaker) => breaker.endCall(atEndpoint, nowMs));
  }

  return {
    /** The back-off that applies to a family; null for none. */
    openStateOf(family: Family, nowMs: number): OpenState | null {
      const familyBreaker = familyBreakerOf(family);
      return premium.openState(nowMs) ?? connectionBreaker.openState(nowMs) ?? familyBreaker.openState(nowMs);
    },
    /** Whether a call that has begun may be sent: no back-off has begun since then. */
    maySend: (family: Family, nowMs: number): boolean =>
      premium.openState(nowMs) === null && breakersOf(family).every((breaker) => !breaker.isOpen(nowMs)),
    /** Whether all breakers of the family allow one more call in flight. */
    hasCapacity: (family: Family): boolean =>
      premium.hasCapacity() && breakersOf(family).every((breaker) => breaker.hasCapacity()),
    /** Counts a call as in flight. Returns the function that ends it; its outcome is undefined if it was not sent. */
    beginCall(family: Family, nowMs: number): (outcome: Outcome | undefined, nowMs: number) => void {
      for (const breaker of breakersOf(family)) breaker.beginCall();
      const isProbe = premium.beginCall(nowMs);
      return (outcome, endedAtMs) => {
        premium.endCall(outcome, endedAtMs, isProbe);
        endCall(family, outcome, endedAtMs);
      };
    },
    /** See `CallScheduler.startBackOff`. */
    startBackOff(family: Family, reason: BackOffReason, requestedWaitMs: number | null): ActiveBackOff {
      const { hasStarted, active } = trip(family, reason, requestedWaitMs);
      const waitMs = active?.waitMs ?? 0;
      if (hasStarted) store?.publish(`${subject}:${family}`, { reason, untilMs: epochMs() + waitMs, waitMs });
      // A used-up quota is the cause of every rejection until its end.
      return { reason: active?.reason === 'quota' ? 'quota' : reason, waitMs };
    },
    /** Whether Spotify rejects all calls because the Premium subscription of the app's owner has lapsed. */
    isPremiumLapsed: premium.isLapsed,
  };
}

function backOffMessage(family: Family | null, { reason, waitMs }: OpenState) {
  const seconds = Math.ceil(Math.round(waitMs) / 1000); // a difference of clock readings has a rounding error
  const message = `${backOffCause(family, reason)}: no calls for ${durationText(seconds)}`;
  return [{ family: family ?? 'any', reason, seconds }, message] as const;
}

function backOffCause(family: Family | null, reason: OpenState['reason']): string {
  if (family === null) return 'Spotify cannot be reached';
  if (reason === 'quota') return `the daily quota of ${family} is used up`;
  if (reason === 'rate') return `Spotify limits the rate of calls of ${family}`;
  return `Spotify is unavailable for ${family}`;
}

/**
 * The back-off in a message; null for one that no gateway has sent. The clock of the sender may be ahead, so the wait is at
 * most as long as the back-off itself, which messages of earlier versions do not state.
 */
function parseBackOff(family: Family, { reason: reasonText, untilMs, waitMs: lengthMs }: Message) {
  const reason = backOffReasons.find((name) => name === reasonText);
  if (!families.includes(family) || !reason || typeof untilMs !== 'number') return null;
  const maxWaitMs = typeof lengthMs === 'number' ? Math.min(lengthMs, maxRetryAfterMs) : maxRetryAfterMs;
  return { family, reason, untilMs, waitMs: Math.min(untilMs - epochMs(), maxWaitMs) };
}
