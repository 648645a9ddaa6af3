import {
  GatewayError,
  Overloaded,
  shuttingDown,
  UpstreamAuthFailed,
  UpstreamBadResponse,
} from '../../../errors.ts';
import type { Log } from '../../../observability/log.ts';
import type { OperationContext } from '../usage/field-context.ts';
import { createWaiters, type Waiters } from '../usage/waiters.ts';
import type { ObservedHttp, Outcome } from './http.ts';
import { withRetries } from './retry.ts';
import { createTokenLog } from './token-log.ts';
import {
  type CachedToken,
  CredentialsRejected,
  noTokenError,
  parseToken,
  withFaultAsStatus,
} from './token-response.ts';
import { type ActiveBackOff, type BackOffReason, backOffError } from './upstream-errors.ts';

export type Token = ReturnType<typeof createToken>;

export interface TokenOptions {
  /** Address of the token endpoint. */
  url: string;
  clientId: string;
  clientSecret: string;
}

const renewalTimeoutMs = 10_000; // of a renewal in the background, for which no request waits
const rememberCredentialsMs = 60_000; // wrong credentials stay wrong until an operator corrects them
const rememberFailureMs = 2_000; // spares the endpoint, and hardly delays a recovery
const rememberRejectedMs = 1_000; // while Spotify rejects new tokens, one fetch a second shows when that ends
const maxRetryWaitMs = 2_500; // Spotify's 2 s and the jitter: no deadline bounds a renewal that many requests wait for

interface Failure {
  untilMs: number;
  error(leftMs: number): GatewayError;
}

/** The one client-credentials token of an app, cached in memory and nowhere else. */
export function createToken(observedHttp: ObservedHttp, log: Log, options: TokenOptions) {
  const waitingOperations = new Set<OperationContext>();
  const tokenLog = createTokenLog(log, options);
  let cached: CachedToken | undefined;
  let renewal: Promise<CachedToken> | undefined;
  let failure: Failure | undefined;
  let isDisposed = false;

  async function renew(waiters?: Waiters, timeoutMs?: number): Promise<CachedToken> {
    if (!renewal && isDisposed) throw shuttingDown();
    const leftMs = (failure?.untilMs ?? 0) - performance.now();
    // A renewal that is in flight may be waiting for the end of a short back-off: all requests wait with it.
    if (!renewal && failure && leftMs > 0) throw failure.error(leftMs);
    for (const operation of waiters?.operations() ?? []) waitingOperations.add(operation);
    renewal ??= fetchToken(timeoutMs).finally(() => {
      renewal = undefined;
      waitingOperations.clear();
    });
    return renewal;
  }

  async function fetchToken(timeoutMs?: number): Promise<CachedToken> {
    failure = undefined;
    const waiters = createWaiters(() => waitingOperations);
    const request = { ...tokenRequest(options), timeoutMs };
    let outcome: Outcome | undefined;
    async function attempt(): Promise<Outcome> {
      outcome = await observedHttp(request, waiters);
      return withFaultAsStatus(outcome);
    }
    const mayRetry = (waitMs: number): boolean => waitMs <= maxRetryWaitMs;
    const hooks = { endpoint: 'token', mayRetry, startBackOff } as const;
    try {
      const requestedAtMs = performance.now();
      cached = parseToken(await withRetries(attempt, hooks), requestedAtMs);
      failure = undefined;
      tokenLog.received();
      return cached;
    } catch (cause) {
      const error = cause instanceof UpstreamBadResponse ? noTokenError() : cause;
      if (!(error instanceof GatewayError)) throw error;
      const forMs = error instanceof CredentialsRejected ? rememberCredentialsMs : rememberFailureMs;
      failure ??= remember(error, forMs);
      if (error instanceof Overloaded) throw error; // this process ends: Spotify is not the cause
      if (error instanceof CredentialsRejected) tokenLog.rejected(error);
      else tokenLog.missing(error, outcome);
      throw error;
    }
  }

  function startBackOff(reason: BackOffReason, waitMs: number | null): ActiveBackOff {
    const forMs = waitMs ?? rememberFailureMs;
    failure = {
      untilMs: performance.now() + forMs,
      error: (leftMs) => backOffError('token', reason, leftMs),
    };
    return { reason, waitMs: forMs };
  }

  function invalidate(token: string): void {
    if (cached?.value === token) cached = undefined;
  }

  return {
    /**
     * A valid token. Concurrent requests share one fetch or renewal.
     * @throws UpstreamAuthFailed, or the error of the token endpoint
     */
    async get(waiters?: Waiters): Promise<string> {
      const nowMs = performance.now();
      if (cached && nowMs < cached.refreshAtMs) return cached.value;
      if (cached && nowMs < cached.expiresAtMs) {
        renew(waiters, renewalTimeoutMs).catch(() => undefined); // logged; the cached token is still valid
        return cached.value;
      }
      return (await renew(waiters)).value;
    },
    /** Spotify rejected this token: it is removed, unless a newer one has replaced it. */
    invalidate,
    /** Spotify rejected also this token, which replaced a rejected one: for a second no other is fetched. */
    markRejected(token: string): GatewayError {
      const error = new UpstreamAuthFailed('Spotify rejects the access token that it has just issued.');
      if (cached?.value === token) {
        failure = remember(error, rememberRejectedMs);
        tokenLog.tokenRejected(error);
      }
      invalidate(token);
      return error;
    },
    /** Milliseconds since the cached token was requested; null without one. */
    ageMs: (): number | null => (cached ? performance.now() - cached.requestedAtMs : null),
    /** No further token is requested: the process ends. */
    dispose(): void {
      isDisposed = true;
    },
  };
}

function tokenRequest({ url, clientId, clientSecret }: TokenOptions) {
  const headers = {
    authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  };
  const { pathname: path } = new URL(url);
  return {
    family: 'token',
    method: 'POST',
    path,
    url,
    headers,
    body: 'grant_type=client_credentials',
  } as const;
}

const remember = (error: GatewayError, forMs: number): Failure => ({
  untilMs: performance.now() + forMs,
  error: () => error,
});
