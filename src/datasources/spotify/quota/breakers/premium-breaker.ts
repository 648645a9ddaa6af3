import { epochMs } from '../../../../observability/clock.ts';
import type { Log } from '../../../../observability/log.ts';
import { subscribeTo } from '../../shared-state/messages.ts';
import type { SharedStore } from '../../shared-state/shared-store.ts';
import type { Outcome } from '../../transport/http.ts';
import { isEdgeRejection, isPremiumLapsed, isUnexplained404 } from '../../transport/response-meaning.ts';
import type { OpenState } from './back-off.ts';

export type PremiumBreaker = ReturnType<typeof createPremiumBreaker>;

export interface PremiumBreakerOptions {
  /** Shares back-offs between processes. */
  store?: Pick<SharedStore, 'publish' | 'subscribe'> | undefined;
  log?: Log | undefined;
  /** Called when a back-off starts or becomes longer: queued calls may have to be rejected. */
  onOpen: () => void;
}

const backOffMs = 60_000; // Spotify states hours until a renewal takes effect: a call a minute finds it soon enough
const peerHeadStartMs = 2_000; // a process that was informed leaves the next call to the process that informed it
const maxPeerBackOffMs = 2 * backOffMs; // bounds what other processes can cause here
const topic = 'premium';
const inconclusiveStatuses = new Set([401, 403, 408, 425, 429]); // an app gets them with and without a subscription

/**
 * If the Premium subscription of the app's owner has lapsed, Spotify rejects every call of the app. This breaker then
 * stops all calls and allows one call a minute, until one succeeds; then it allows all calls at once.
 */
export function createPremiumBreaker({ store, log, onOpen }: PremiumBreakerOptions) {
  let isLapsed = false;
  let isProbing = false; // whether the probe, the one call a minute, is in flight
  let nextCallAtMs = 0;
  let publishedUntilMs: number | null = null; // of the latest message, if this process has sent it

  function open(untilMs: number): void {
    nextCallAtMs = Math.max(nextCallAtMs, untilMs);
    onOpen();
    if (isLapsed) return;
    isLapsed = true;
    log?.error(
      { reason: 'premium-lapsed' },
      "Spotify rejects all calls of this app: the Premium subscription of the app's owner has lapsed. Renew it; Spotify may take hours to notice",
    );
  }

  function close(): void {
    if (!isLapsed) return;
    isLapsed = false;
    nextCallAtMs = 0;
    log?.info({ reason: 'premium-lapsed' }, 'Spotify serves calls of this app again');
  }

  /** @param untilMs end of the back-off, in milliseconds of the epoch; 0 for none */
  function publish(untilMs: number): void {
    publishedUntilMs = untilMs;
    store?.publish(topic, { untilMs });
  }

  subscribeTo(store, topic, ({ untilMs }) => {
    if (typeof untilMs !== 'number' || untilMs === publishedUntilMs) return;
    publishedUntilMs = null;
    const waitMs = Math.min(untilMs - epochMs(), maxPeerBackOffMs);
    if (untilMs === 0) close();
    else if (waitMs > 0) open(performance.now() + waitMs + peerHeadStartMs);
  });

  return {
    /** Whether Spotify has stated that the subscription has lapsed, and no call has succeeded since. */
    isLapsed: (): boolean => isLapsed,
    /** Why no call may be sent and for how long; null if a call may be sent. */
    openState(nowMs: number): OpenState | null {
      const waitMs = nextCallAtMs - nowMs;
      return isLapsed && !isProbing && waitMs > 0
        ? { reason: 'premium-lapsed', waitMs, totalWaitMs: backOffMs }
        : null;
    },
    /** False while the probe is in flight: its outcome decides about the other calls. */
    hasCapacity: (): boolean => !isProbing,
    /** Counts a call as in flight. Returns whether it is the probe. */
    beginCall(nowMs: number): boolean {
      if (!isLapsed) return false;
      isProbing = true;
      nextCallAtMs = nowMs + backOffMs; // after every outcome
      return true;
    },
    /**
     * Ends a call that has begun.
     * @param outcome undefined if the call was not sent
     * @param isProbe the result of `beginCall`: a call that was sent before the lapse does not show whether the lapse has ended
     */
    endCall(outcome: Outcome | undefined, nowMs: number, isProbe: boolean): void {
      if (isProbe) isProbing = false;
      if (outcome?.kind === 'response' && isPremiumLapsed(outcome)) {
        open(nowMs + backOffMs);
        publish(epochMs() + backOffMs);
      } else if (isProbe && isServed(outcome)) {
        close();
        publish(0);
      } else if (isProbe && allowsCallAtOnce(outcome)) {
        nextCallAtMs = nowMs;
      } else if (isProbe) {
        onOpen();
      }
    },
  };
}

/** Whether the outcome shows that Spotify serves this app. */
const isServed = (outcome: Outcome | undefined): boolean =>
  outcome?.kind === 'response' &&
  outcome.status < 500 &&
  !inconclusiveStatuses.has(outcome.status) &&
  !isUnexplained404(outcome);

/**
 * Whether another call may be sent at once: this one was not sent, its token was rejected, or it requested something
 * that the app may not have in any case, such as a batch.
 */
const allowsCallAtOnce = (outcome: Outcome | undefined): boolean =>
  outcome === undefined ||
  (outcome.kind === 'response' &&
    (outcome.status === 401 || outcome.status === 403) &&
    !isEdgeRejection(outcome));
