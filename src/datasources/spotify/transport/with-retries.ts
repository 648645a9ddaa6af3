import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayError } from '../../../errors.ts';
import type { HttpAnswer, Outcome } from './http.ts';
import { type BackOffReason, decideRetry, maxAttempts } from './retry.ts';

/** What the one who retries has to ask, and to tell. */
export interface RetryHooks {
  /** Whether another attempt may follow a wait of so many milliseconds. */
  mayRetry(waitMs: number): boolean;
  /** Spotify asks for silence; returns the error for the waiting fields. */
  shut(reason: BackOffReason, waitMs: number | null): GatewayError;
}

/** Attempts one exchange until it is answered or given up: the only place where anything is retried. */
export async function withRetries(send: () => Promise<Outcome>, rules: RetryHooks): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt++) {
    const decision = decideRetry(await send(), attempt, Math.random(), Date.now());
    switch (decision.act) {
      case 'accept':
        return decision.answer;
      case 'fail':
        throw decision.error;
      case 'backOff':
        throw rules.shut(decision.reason, decision.waitMs);
      case 'retry':
        if (decision.backOffMs > 0) rules.shut('rate', decision.backOffMs);
        if (attempt === maxAttempts || !rules.mayRetry(decision.waitMs)) throw decision.exhaustedError;
        await sleep(decision.waitMs);
    }
  }
}
