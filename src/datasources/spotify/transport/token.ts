import { GatewayError, UpstreamAuthFailed, UpstreamBadResponse } from '../../../errors.ts';
import type { Log } from '../../../observability/log.ts';
import { createWaiters, type OperationContext, type Waiters } from '../usage/field-context.ts';
import type { HttpAnswer, Outcome } from './http.ts';
import type { ObservedHttp } from './observed-http.ts';
import { type BackOffReason, backOffError } from './retry.ts';
import { withRetries } from './with-retries.ts';

/** The one client-credentials token of an app, kept in memory and nowhere else. */
export interface Token {
  /**
   * A token that is still good, fetched or renewed once for all who ask meanwhile.
   * @throws UpstreamAuthFailed, or what the token endpoint's trouble amounts to
   */
  get(waiters?: Waiters): Promise<string>;
  /** Spotify refused this token; a newer one, if there is one by now, stays. */
  reject(token: string): void;
  /** Spotify refused this token too, which replaced a refused one; for a moment no other is fetched. */
  distrust(token: string): GatewayError;
  /** Milliseconds since the token that is held was asked for; null where none is held. */
  ageMs(): number | null;
}

export interface TokenOptions {
  url: string;
  clientId: string;
  clientSecret: string;
}

const renewEarlyMs = 60_000; // a call may wait its whole deadline in the queue and must not come too late
const patienceMs = 10_000; // of a renewal in the background, which nobody waits for
const rememberRefusalMs = 60_000; // wrong credentials stay wrong until somebody mends them
const rememberFailureMs = 2_000; // spares the endpoint, and is hardly noticed
const usualLifetimeSeconds = 3_600; // what Spotify gives, where a response does not say
const longestRetryWaitMs = 2_500; // the 2 s that a call waits out, and the jitter
const rememberDistrustMs = 1_000; // where new tokens are refused, one a second is enough to see it end

// Nobody's deadline bounds a renewal that many wait for: a longer wait that Spotify asks for is a failure instead.
const mayRetry = (waitMs: number): boolean => waitMs <= longestRetryWaitMs;

interface Held {
  value: string;
  askedAtMs: number;
  renewAtMs: number;
  expiresAtMs: number;
}

interface Failure {
  untilMs: number;
  error(leftMs: number): GatewayError;
}

export function createToken(
  observedHttp: ObservedHttp,
  log: Log,
  { url, clientId, clientSecret }: TokenOptions,
): Token {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const waiting = new Set<OperationContext>();
  let held: Held | undefined;
  let renewal: Promise<Held> | undefined;
  let failure: Failure | undefined;

  async function get(waiters?: Waiters): Promise<string> {
    const nowMs = performance.now();
    if (held && nowMs < held.renewAtMs) return held.value;
    if (held && nowMs < held.expiresAtMs) {
      renew(waiters, patienceMs).catch(() => undefined); // logged and remembered; what we hold is still good
      return held.value;
    }
    return (await renew(waiters)).value;
  }

  async function renew(waiters?: Waiters, timeoutMs?: number): Promise<Held> {
    const leftMs = (failure?.untilMs ?? 0) - performance.now();
    // One that is under way may be waiting out a short silence: then everybody waits with it.
    if (!renewal && failure && leftMs > 0) throw failure.error(leftMs);
    for (const operation of waiters?.operations() ?? []) waiting.add(operation);
    renewal ??= request(timeoutMs).finally(() => {
      renewal = undefined;
      waiting.clear();
    });
    return renewal;
  }

  async function request(timeoutMs?: number): Promise<Held> {
    failure = undefined;
    try {
      const startedMs = performance.now();
      const answer = await withRetries(() => send(timeoutMs), { mayRetry, shut });
      failure = undefined;
      held = read(answer, startedMs);
      return held;
    } catch (error) {
      const known = error instanceof UpstreamBadResponse ? noToken() : error;
      if (!(known instanceof GatewayError)) throw known;
      failure ??= remember(known, known instanceof Refused ? rememberRefusalMs : rememberFailureMs);
      log.warn({ code: known.code }, 'no token from Spotify');
      throw known;
    }
  }

  function send(timeoutMs?: number): Promise<Outcome> {
    const headers = {
      authorization,
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const body = 'grant_type=client_credentials';
    const { pathname: path } = new URL(url);
    const waiters = createWaiters(() => waiting);
    const request = { family: 'token', method: 'POST', path, url, headers, body, timeoutMs } as const;
    return observedHttp(request, waiters).then(withFaultAsStatus);
  }

  function shut(reason: BackOffReason, waitMs: number | null): GatewayError {
    const forMs = waitMs ?? rememberFailureMs;
    failure = { untilMs: performance.now() + forMs, error: (leftMs) => backOffError(reason, leftMs) };
    return backOffError(reason, forMs);
  }

  function reject(token: string): void {
    if (held?.value === token) held = undefined;
  }

  function distrust(token: string): GatewayError {
    const error = new UpstreamAuthFailed('Spotify refuses the token it has just given.');
    if (held?.value === token) failure = remember(error, rememberDistrustMs);
    reject(token);
    return error;
  }

  return {
    get,
    reject,
    distrust,
    ageMs: () => (held ? performance.now() - held.askedAtMs : null),
  };
}

class Refused extends UpstreamAuthFailed {}

const noToken = () => new UpstreamAuthFailed('The token endpoint answered with something else than a token.');

const remember = (error: GatewayError, forMs: number): Failure => ({
  untilMs: performance.now() + forMs,
  error: () => error,
});

const fitsIntoHeader = /^[\x21-\x7e]+$/;

// The error codes of RFC 6749 by which the endpoint rejects the app or its request: asking again changes nothing.
const rejections = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_grant',
  'access_denied',
  'invalid_request',
  'invalid_scope',
  'unsupported_grant_type',
]);
// And those by which it says that it is in trouble itself, with statuses such as 400 and 415 (spotify/web-api#321).
const faults = new Set(['server_error', 'temporarily_unavailable']);

/** The `error` of the token endpoint, which is a text there; null where the body has none. */
function errorCodeOf(body: unknown): string | null {
  const code = (body as { error?: unknown } | null | undefined)?.error;
  return typeof code === 'string' ? code : null;
}

/** The same outcome; with status 503 where the endpoint names a fault of its own, so that it is retried. */
function withFaultAsStatus(outcome: Outcome): Outcome {
  const isFault = outcome.kind === 'answer' && faults.has(errorCodeOf(outcome.body) ?? '');
  return isFault ? { ...outcome, status: 503 } : outcome;
}

/** Spotify's times count from its answer, ours from the question: rather too early than too late. */
function read({ status, body }: HttpAnswer, askedAtMs: number): Held {
  if (rejections.has(errorCodeOf(body) ?? '')) throw new Refused("Spotify refuses this app's credentials.");
  if (status !== 200) throw noToken();
  const { access_token: value, expires_in: expiresIn } = (body ?? {}) as Record<string, unknown>;
  if (typeof value !== 'string' || !fitsIntoHeader.test(value)) throw noToken();
  const lifetimeMs = lifetimeSeconds(expiresIn) * 1000;
  return {
    value,
    askedAtMs,
    expiresAtMs: askedAtMs + lifetimeMs,
    renewAtMs: askedAtMs + lifetimeMs - Math.min(renewEarlyMs, lifetimeMs / 2),
  };
}

/** What `expires_in` says, also as a text; without a usable value the token is used for the usual time. */
function lifetimeSeconds(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'string' && /^\d/.test(expiresIn) ? Number(expiresIn) : expiresIn;
  const isUsable = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return isUsable ? seconds : usualLifetimeSeconds;
}
