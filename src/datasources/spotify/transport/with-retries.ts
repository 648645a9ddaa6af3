import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayError } from '../../../errors.ts';
import type { HttpAnswer, Outcome } from './http.ts';
import { type BackOffReason, decideRetry, maxAttempts } from './retry.ts';

/** The caller's part in retries. */
export interface RetryHooks {
  /** Whether another attempt may follow after a wait. */
  mayRetry(waitMs: number): boolean;
  /** Starts a back-off; returns the error for requests that need Spotify meanwhile. */
  backOff(reason: BackOffReason, waitMs: number | null): GatewayError;
}

/** Repeats a request until it succeeds or fails finally: the only place where anything is retried. */
export async function withRetries(send: () => Promise<Outcome>, hooks: RetryHooks): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt++) {
    const decision = decideRetry(await send(), attempt, Math.random(), Date.now());
    switch (decision.act) {
      case 'accept':
        return decision.response;
      case 'fail':
        throw decision.error;
      case 'backOff':
        throw hooks.backOff(decision.reason, decision.waitMs);
      case 'retry':
        if (decision.backOffMs > 0) hooks.backOff('rate', decision.backOffMs);
        if (attempt === maxAttempts || !hooks.mayRetry(decision.waitMs)) throw decision.exhaustedError;
        await sleep(decision.waitMs);
    }
  }
}
