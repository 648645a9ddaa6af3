import type { Log } from '../../../observability/log.ts';
import type { SharedState } from '../shared-state/shared-state.ts';
import type { Outcome } from '../transport/http.ts';
import { type BackOffReason, isEdgeRefusal } from '../transport/retry.ts';
import { connectionResult, endpointResult } from './call-result.ts';
import { type CircuitBreaker, createCircuitBreaker, type OpenState } from './circuit-breaker.ts';
import type { Family } from './families.ts';
import { createPremiumBreaker } from './premium-breaker.ts';

/** The circuit breakers that a call passes: Premium, the global one for the connection, and that of its family. */
export interface Breakers {
  /** The back-off that applies to a family; null for none. */
  openStateOf(family: Family, nowMs: number): OpenState | null;
  /** Whether one more call of the family may be in flight. */
  hasCapacity(family: Family): boolean;
  acquire(family: Family, nowMs: number): void;
  /** @param outcome undefined if the call was not sent */
  release(family: Family, outcome: Outcome | undefined, nowMs: number): void;
  /**
   * Starts a back-off of a family.
   * @param waitMs null if Spotify named no time
   * @returns milliseconds until its end
   */
  trip(family: Family, reason: BackOffReason, waitMs: number | null, nowMs: number): number;
  /** Whether Spotify rejects all calls because the Premium subscription of the app's owner has lapsed. */
  isPremiumLapsed(): boolean;
}

export interface BreakersOptions {
  sharedState?: SharedState | undefined;
  log?: Log | undefined;
  /** Called when a breaker opens: queued calls may have to be rejected. */
  onOpen: () => void;
}

export function createBreakers({ sharedState, log, onOpen }: BreakersOptions): Breakers {
  const breakers = new Map<Family | 'any', CircuitBreaker>();
  const premium = createPremiumBreaker({ sharedState, log, onOpen });
  const edgeRefused = new Set<Family>(); // since an endpoint responded the last time

  function breakerOf(name: Family | 'any'): CircuitBreaker {
    const breaker = breakers.get(name) ?? createCircuitBreaker();
    breakers.set(name, breaker);
    return breaker;
  }

  // A transport fault concerns the connection to Spotify and not one endpoint: it has a breaker of its own.
  const breakersOf = (family: Family) => [breakerOf('any'), breakerOf(family)] as const;

  /** Changes a breaker, and reports it if that opens the breaker. */
  function change(name: Family | 'any', nowMs: number, act: (breaker: CircuitBreaker) => void): void {
    const breaker = breakerOf(name);
    const wasOpen = breaker.openState(nowMs) !== null;
    act(breaker);
    const openState = breaker.openState(nowMs);
    if (!openState || wasOpen) return;
    onOpen();
    const { reason, waitMs } = openState;
    const seconds = Math.ceil(waitMs / 1000);
    log?.warn({ family: name, reason, seconds }, 'calls to Spotify are in back-off');
  }

  return {
    openStateOf(family, nowMs) {
      const [any, own] = breakersOf(family);
      return premium.openState(nowMs) ?? any.openState(nowMs) ?? own.openState(nowMs);
    },
    hasCapacity: (family) =>
      premium.hasCapacity() && breakersOf(family).every((breaker) => breaker.hasCapacity()),
    acquire(family, nowMs) {
      for (const breaker of breakersOf(family)) breaker.acquire();
      premium.acquire(nowMs);
    },
    release(family, outcome, nowMs) {
      premium.release(outcome, nowMs);
      const atEndpoint = endpointResult(outcome);
      if (atEndpoint === 'succeeded') edgeRefused.clear();
      if (outcome?.kind === 'answer' && isEdgeRefusal(outcome)) edgeRefused.add(family);
      const onConnection = connectionResult(outcome, edgeRefused.size);
      change('any', nowMs, (breaker) => breaker.release(onConnection, nowMs));
      change(family, nowMs, (breaker) => breaker.release(atEndpoint, nowMs));
    },
    trip(family, reason, waitMs, nowMs) {
      change(family, nowMs, (breaker) => breaker.trip(reason, waitMs, nowMs));
      return breakerOf(family).openState(nowMs)?.waitMs ?? 0;
    },
    isPremiumLapsed: premium.isLapsed,
  };
}
