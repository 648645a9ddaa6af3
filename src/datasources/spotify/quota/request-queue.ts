import { type GatewayError, Overloaded, UpstreamRateLimited, UpstreamTimeout } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { Log } from '../../../observability/log.ts';
import type { SharedState } from '../shared-state/shared-state.ts';
import type { Outcome } from '../transport/http.ts';
import { type BackOffReason, backOffError, backOffReasons, isEdgeRefusal } from '../transport/retry.ts';
import { longestWaitMs } from '../transport/retry-after.ts';
import type { Waiters } from '../usage/field-context.ts';
import { noopObserver, type Observer } from '../usage/observer.ts';
import { createCallStats, type FamilyCalls } from './call-stats.ts';
import {
  type CircuitBreaker,
  connectionOutcome,
  createCircuitBreaker,
  endpointOutcome,
  type OpenState,
} from './circuit-breaker.ts';
import { type Family, families } from './families.ts';
import { createPremiumBreaker } from './premium.ts';
import { createRateLimiter } from './rate-limiter.ts';

/** The one way to Spotify's Web API: every call passes here, or is rejected at once with the reason. */
export interface RequestQueue {
  /**
   * Sends one call as soon as the rules allow, first come first served.
   * @throws GatewayError as soon as it is clear that the rules will not allow it in time
   */
  schedule(family: Family, waiters: Waiters, send: () => Promise<Outcome>): Promise<Outcome>;
  /**
   * Spotify asked for silence about one family; `waitMs` null when it did not say for how long.
   * @returns what to tell whoever asks meanwhile
   */
  backOff(family: Family, reason: BackOffReason, waitMs: number | null): GatewayError;
  /** Whether Spotify serves the app nothing, because the Premium subscription of its owner has lapsed. */
  isPremiumLapsed(): boolean;
  /** Whether one more retry keeps to the share of calls that retries may be; counts it if so. */
  mayRetry(): boolean;
  /** How each family that was used stands. */
  report(): FamilyReport[];
  dispose(): void;
}

export interface FamilyReport extends FamilyCalls {
  /** Why no call may go now, and for how many milliseconds; null where calls may. */
  bar: OpenState | null;
}

export interface RequestQueueOptions {
  /** Most calls under way at a time. */
  concurrency: number;
  /** Own ceiling on calls in any rolling 30 s; null for none. */
  rateLimit: number | null;
  /** By which processes share silences and the ceiling; without it each has its own. */
  sharedState?: SharedState | undefined;
  observer?: Observer;
  log?: Log;
}

const maxQueued = 1_000; // ten at a time and 100 ms a call: what can be answered within a deadline of 8 s
const shortSilenceMs = 2_000; // a longer one is told, not waited out
const shortBudgetWaitMs = 1_000;
const silence = 'silence'; // the topic under which processes tell each other

interface Waiting {
  family: Family;
  waiters: Waiters;
  admit: () => void;
  refuse: (error: GatewayError) => void;
}

export function createRequestQueue({
  concurrency,
  rateLimit,
  sharedState,
  observer = noopObserver,
  log,
}: RequestQueueOptions): RequestQueue {
  const doors = new Map<Family | 'any', CircuitBreaker>();
  const rateLimiter = createRateLimiter(rateLimit, sharedState);
  const callStats = createCallStats();
  const premium = createPremiumBreaker({ sharedState, log, onRefusal: refuseWaiting });
  const edgeRefused = new Set<Family>(); // since an endpoint answered the last time
  let underWay = 0;
  let queue: Waiting[] = [];
  let nextTurn: NodeJS.Immediate | undefined;
  let concernsAll = false; // whether a door has shut, so that everybody in the queue is to be told
  let alarm: NodeJS.Timeout | undefined;
  let alarmAtMs = Number.POSITIVE_INFINITY;

  // A transport fault tells of the way to Spotify, not of one endpoint: it has a door of its own.
  const doorsOn = (family: Family): [any: CircuitBreaker, own: CircuitBreaker] => [door('any'), door(family)];

  function door(name: Family | 'any'): CircuitBreaker {
    const known = doors.get(name) ?? createCircuitBreaker();
    doors.set(name, known);
    return known;
  }

  async function schedule(family: Family, waiters: Waiters, send: () => Promise<Outcome>): Promise<Outcome> {
    await admission(family, waiters);
    let outcome: Outcome | undefined;
    try {
      const confirmed = await rateLimiter.confirm();
      if (confirmed) outcome = await send();
    } finally {
      leave(family, outcome);
    }
    return outcome ?? schedule(family, waiters, send);
  }

  async function admission(family: Family, waiters: Waiters): Promise<void> {
    if (!waiters.hasActive()) throw unwanted();
    const ruling = rule(family, waiters, performance.now());
    if (typeof ruling !== 'number') throw ruling;
    // Nobody is overtaken: whoever of the queue could go has gone, or goes in this turn.
    if (ruling === 0 && !nextTurn) return enter(family);
    if (queue.length >= maxQueued) throw new Overloaded('Too many calls are waiting for Spotify already.');
    const [operation] = waiters.operations();
    const waited = observer.onQueued({ family, method: 'GET', path: `/${family}`, operation });
    const turn = new Promise<void>((admit, refuse) => {
      queue.push({ family, waiters, admit, refuse });
      wakeIn(ruling);
    });
    return turn.finally(waited);
  }

  /**
   * Lets everyone go who may, refuses who cannot be helped, and keeps the rest in their order.
   * @param whileRoom stops where no more can go: looking at a thousand for each call that ends takes its time
   */
  function serveQueue(whileRoom = false): void {
    const waiting = queue;
    queue = [];
    concernsAll = false;
    for (const [i, each] of waiting.entries()) {
      if (whileRoom && underWay >= concurrency) {
        queue.push(...waiting.slice(i));
        return;
      }
      const ruling = each.waiters.hasActive()
        ? rule(each.family, each.waiters, performance.now())
        : unwanted();
      if (typeof ruling !== 'number') {
        each.refuse(ruling);
      } else if (ruling > 0) {
        queue.push(each);
        wakeIn(ruling);
      } else {
        enter(each.family);
        each.admit();
      }
    }
  }

  function wakeIn(waitMs: number): void {
    const atMs = performance.now() + waitMs;
    if (atMs >= alarmAtMs) return;
    clearTimeout(alarm);
    alarmAtMs = atMs;
    alarm = setTimeout(() => {
      alarmAtMs = Number.POSITIVE_INFINITY;
      serveQueue();
    }, waitMs);
  }

  /** 0 to go now, the milliseconds to wait (infinite: until another call is over), or why not to wait. */
  function rule(family: Family, waiters: Waiters, nowMs: number): number | GatewayError {
    const timeLeftMs = waiters.deadlineMs() - nowMs;
    const hasRoom =
      underWay < concurrency && premium.hasCapacity() && doorsOn(family).every((each) => each.hasRoom());
    return (
      silenceFor(family, timeLeftMs, nowMs) ??
      ownLimit(timeLeftMs, nowMs) ??
      (hasRoom ? 0 : Number.POSITIVE_INFINITY)
    );
  }

  function barOn(family: Family, nowMs: number): OpenState | null {
    const [any, own] = doorsOn(family);
    return premium.barred(nowMs) ?? any.barred(nowMs) ?? own.barred(nowMs);
  }

  function silenceFor(family: Family, timeLeftMs: number, nowMs: number): number | GatewayError | null {
    const bar = barOn(family, nowMs);
    if (!bar) return null;
    const isLimit = bar.reason === 'rate' || bar.reason === 'quota';
    const isShort = isLimit && bar.wholeWaitMs <= shortSilenceMs;
    return isShort && bar.waitMs <= timeLeftMs ? bar.waitMs : backOffError(bar.reason, bar.waitMs);
  }

  function ownLimit(timeLeftMs: number, nowMs: number): number | GatewayError | null {
    const waitMs = rateLimiter.waitMs(nowMs);
    if (waitMs === 0 || waitMs <= Math.min(shortBudgetWaitMs, timeLeftMs)) return waitMs || null;
    return new UpstreamRateLimited('The limit set for calls to Spotify is reached; ask again later.', {
      retryAfter: Math.ceil(waitMs / 1000),
    });
  }

  function enter(family: Family): void {
    const nowMs = performance.now();
    underWay += 1;
    for (const each of doorsOn(family)) each.enter();
    premium.enter(nowMs);
    rateLimiter.spend(nowMs);
    callStats.add(family, nowMs);
  }

  function leave(family: Family, outcome: Outcome | undefined): void {
    const nowMs = performance.now();
    const [any, own] = doorsOn(family);
    underWay -= 1;
    premium.leave(outcome, nowMs);
    const atTheEndpoint = endpointOutcome(outcome);
    if (atTheEndpoint === 'answered') edgeRefused.clear();
    if (outcome?.kind === 'answer' && isEdgeRefusal(outcome)) edgeRefused.add(family);
    change('any', nowMs, () => any.leave(connectionOutcome(outcome, edgeRefused.size), nowMs));
    change(family, nowMs, () => own.leave(atTheEndpoint, nowMs));
    // Whoever gets this answer may find in it that the door is to be shut: the queue goes after that.
    if (queue.length > 0) nextTurn ??= setImmediate(takeTurn);
  }

  /** Tells all calls that wait why they will not be sent, in the next turn. */
  function refuseWaiting(): void {
    concernsAll = true;
    if (queue.length > 0) nextTurn ??= setImmediate(takeTurn);
  }

  function takeTurn(): void {
    nextTurn = undefined;
    serveQueue(!concernsAll);
  }

  function shut(family: Family, reason: BackOffReason, waitMs: number | null): number {
    const nowMs = performance.now();
    change(family, nowMs, () => door(family).shut(reason, waitMs, nowMs));
    serveQueue();
    return door(family).barred(nowMs)?.waitMs ?? 0;
  }

  /** Does what may shut a door, and logs it when it does. */
  function change(name: Family | 'any', nowMs: number, act: () => void): void {
    const before = door(name).barred(nowMs);
    act();
    const bar = door(name).barred(nowMs);
    if (!bar || before) return;
    concernsAll = true;
    const { reason, waitMs } = bar;
    log?.warn({ family: name, reason, seconds: Math.ceil(waitMs / 1000) }, 'no calls to Spotify for a while');
  }

  sharedState?.subscribe((topic, fact) => {
    const told = silenceTold(topic, fact);
    if (told && told.waitMs > 0) shut(told.family, told.reason, told.waitMs);
  });

  return {
    schedule,
    backOff(family, reason, askedMs) {
      const waitMs = shut(family, reason, askedMs);
      sharedState?.publish(`${silence}:${family}`, { reason, untilMs: epochMs() + waitMs });
      return backOffError(reason, waitMs);
    },
    isPremiumLapsed: premium.isLapsed,
    mayRetry: () => callStats.mayRetry(performance.now()),
    report() {
      const nowMs = performance.now();
      return callStats.report(nowMs).map((calls) => ({ ...calls, bar: barOn(calls.family, nowMs) }));
    },
    dispose() {
      clearTimeout(alarm);
      clearImmediate(nextTurn);
    },
  };
}

const unwanted = () => new UpstreamTimeout('Nobody waits for this call any more.');

/** What another process has told of a silence; null where it is about something else. */
function silenceTold(topic: string, fact: unknown) {
  const [about, name] = topic.split(':');
  const { reason: why, untilMs } = (fact ?? {}) as { reason?: unknown; untilMs?: unknown };
  const family = families.find((each) => each === name);
  const reason = backOffReasons.find((each) => each === why);
  if (about !== silence || !family || !reason || typeof untilMs !== 'number') return null;
  return { family, reason, waitMs: Math.min(untilMs - epochMs(), longestWaitMs) };
}
