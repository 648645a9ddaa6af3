import { GatewayError } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import type { SpotifyOptions } from './options.ts';
import { type ApiRequest, createApiClient, pathOf } from './transport/api-client.ts';
import type { BoundedFetch } from './transport/bounded-fetch.ts';
import { createHttp, createObservedHttp, type HttpFault, type Outcome } from './transport/http.ts';
import { isEdgeRejection, isPremiumLapsed, messageOf } from './transport/response-meaning.ts';
import { createToken } from './transport/token.ts';
import { CredentialsRejected } from './transport/token-response.ts';
import type { BackOffReason } from './transport/upstream-errors.ts';
import { createOperationContext } from './usage/field-context.ts';
import { noopObserver } from './usage/observer.ts';
import { createWaiters } from './usage/waiters.ts';

export type RawClient = ReturnType<typeof createRawClient>;

export interface RawCall {
  /** Relative to the base URL, with its query. */
  path: string;
  /** Null if there was no response. */
  status: number | null;
}

/** Why there is no token: Spotify rejects the credentials, or sends no usable response. */
export interface ConnectFailure {
  reason: 'credentials-rejected' | 'no-token';
  /** Spotify's words, the code of the system such as `ECONNREFUSED`, or the status. */
  detail: string;
}

/** The last response to one read. */
export interface RawResponse {
  /** Null without a usable response. */
  status: number | null;
  /** Whether Spotify has responded with a body that cannot be used, such as HTML: then the connection works. */
  isUnusable: boolean;
  body: unknown;
  /** Spotify's message; null if the response has none. Without a usable response what is wrong, or the code of the system. */
  message: string | null;
  /** The back-off that Spotify requests; null if it requests none. */
  backOff: { reason: BackOffReason; seconds: number | null } | null;
  /** Whether Spotify rejects all calls of the app, because the Premium subscription of its owner has lapsed. */
  isPremiumLapsed: boolean;
  /** Whether an edge server of Spotify has rejected the call, which does not depend on the app. */
  isEdgeRejection: boolean;
}

const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const timeoutMs = 60_000; // of all reads together

/**
 * Reads the Web API without a cache and within a number of calls, and returns the responses as Spotify sent them.
 * @param maxCalls of the Web API
 */
export function createRawClient(options: SpotifyOptions, boundedFetch: BoundedFetch, maxCalls: number) {
  const http = createHttp({ ...options, boundedFetch });
  const operation = createOperationContext(timeoutMs);
  const waiters = createWaiters(() => [operation]);
  const sentCalls: RawCall[] = [];
  let lastOutcome: Outcome | null = null;
  let backOff: RawResponse['backOff'] = null;
  const secrets = new Set([options.clientSecret, options.clientId]);
  const observedHttp = createObservedHttp(
    {
      ...http,
      async requestOnce(request) {
        secrets.add((request.headers['authorization'] ?? '').replace(/^\w+ /, ''));
        lastOutcome = await http.requestOnce(request);
        return lastOutcome;
      },
    },
    noopObserver,
  );
  const token = createToken(observedHttp, silentLog, { ...options, url: options.tokenUrl });
  const isLeft = () => sentCalls.length < maxCalls;
  const apiClient = createApiClient({
    apiUrl: options.apiUrl,
    observedHttp,
    token,
    requestQueue: {
      async schedule(_family, _waiters, { prepare, run }) {
        if (!isLeft()) throw new NoCallsLeft();
        const prepared = await prepare();
        const call: RawCall = { path: '', status: null };
        sentCalls.push(call);
        const outcome = await run(prepared);
        if (outcome.kind === 'response') call.status = outcome.status;
        return outcome;
      },
      takeRetry: isLeft,
      startBackOff(_family, reason, waitMs) {
        backOff = { reason, seconds: waitMs === null ? null : Math.ceil(waitMs / 1000) };
        return { reason, waitMs: waitMs ?? 0 };
      },
    },
  });

  return {
    /** Gets a token. @returns why there is none; null with a token */
    async connect(): Promise<ConnectFailure | null> {
      try {
        await token.get(waiters);
        return null;
      } catch (error) {
        if (error instanceof CredentialsRejected)
          return { reason: 'credentials-rejected', detail: error.reason };
        if (!(error instanceof GatewayError)) throw error;
        return { reason: 'no-token', detail: lastOutcome ? detailOf(lastOutcome) : error.message };
      }
    },
    /** Reads with retries, within the maximum number of calls. Null if no call is left. */
    async read(request: ApiRequest): Promise<RawResponse | null> {
      if (!isLeft()) return null;
      const before = sentCalls.length;
      lastOutcome = backOff = null;
      try {
        await apiClient.request(request, waiters);
      } catch (error) {
        if (!(error instanceof GatewayError) && !(error instanceof NoCallsLeft)) throw error;
      }
      for (const call of sentCalls.slice(before)) call.path = pathOf(request);
      return sentCalls.length === before ? null : toRawResponse(lastOutcome, backOff);
    },
    /** The calls of the Web API that were sent, retries included and token calls not. */
    calls: (): readonly RawCall[] => sentCalls,
    /** The text without the credentials and the tokens. */
    redact: (text: string): string =>
      Array.from(secrets).reduce(
        (redacted, secret) => (secret === '' ? redacted : redacted.replaceAll(secret, '[redacted]')),
        text,
      ),
    async close(): Promise<void> {
      operation.end();
      await http.close();
    },
  };
}

class NoCallsLeft extends Error {}

function toRawResponse(outcome: Outcome | null, backOff: RawResponse['backOff']): RawResponse {
  const isResponse = outcome?.kind === 'response';
  return {
    status: isResponse ? outcome.status : null,
    isUnusable: outcome?.kind === 'fault' && outcome.fault in unusableTexts,
    body: isResponse ? outcome.body : undefined,
    message: isResponse ? messageOf(outcome.body) : outcome && faultText(outcome),
    // A retry that succeeded has ended the back-off.
    backOff: isResponse && outcome.status === 200 ? null : backOff,
    isPremiumLapsed: isResponse && isPremiumLapsed(outcome),
    isEdgeRejection: isResponse && isEdgeRejection(outcome),
  };
}

const unusableTexts: Readonly<Partial<Record<HttpFault['fault'], string>>> = {
  'not-json': 'it is not JSON',
  'too-large': 'it is too large',
};

const faultText = ({ fault, code }: HttpFault): string => unusableTexts[fault] ?? code;

const detailOf = (outcome: Outcome): string =>
  outcome.kind === 'response' ? `status ${outcome.status}` : outcome.code;
