import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayError } from '../../../errors.ts';
import type { HttpAnswer, Outcome } from './http.ts';
import { judge, maxAttempts, type ShutReason } from './retry.ts';

/** What the one who retries has to ask, and to tell. */
export interface AttemptRules {
  /** Whether another attempt may follow a wait of so many milliseconds. */
  mayRetry(waitMs: number): boolean;
  /** Spotify asks for silence; returns what the askers are told. */
  shut(reason: ShutReason, waitMs: number | null): GatewayError;
}

/** Attempts one exchange until it is answered or given up: the only place where anything is retried. */
export async function persist(send: () => Promise<Outcome>, rules: AttemptRules): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt++) {
    const verdict = judge(await send(), attempt, Math.random(), Date.now());
    switch (verdict.act) {
      case 'use':
        return verdict.answer;
      case 'fail':
        throw verdict.error;
      case 'shut':
        throw rules.shut(verdict.reason, verdict.waitMs);
      case 'retry':
        if (verdict.silenceMs > 0) rules.shut('rate', verdict.silenceMs);
        if (attempt === maxAttempts || !rules.mayRetry(verdict.waitMs)) throw verdict.orElse;
        await sleep(verdict.waitMs);
    }
  }
}
