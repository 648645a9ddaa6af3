import { GatewayError } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { Log } from '../../../observability/log.ts';
import { type Message, subscribeTo } from '../shared-state/messages.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';
import { type Capability, type CapabilityPolicy, largestPageSize, type QuotaMode } from './policy.ts';

export interface LearnedCapability {
  /** Whether the app has the capability; for an endpoint with pages, its page size limit. */
  value: boolean | number;
  /** Whether a response has shown the value; a lowered page size limit is not confirmed until it has been tried. */
  confirmed: boolean;
  learnedAtMs: number;
  /** How long it is valid, in milliseconds. */
  validMs: number;
}

export type LearnedCapabilities = ReturnType<typeof createLearnedCapabilities>;

export type CapabilityValues = Readonly<Record<string, boolean | number>>;

export const usualValidMs = 24 * 3_600_000; // apps are promoted and rules changed, but not by the hour
const subject = 'ability'; // names the topic of a capability in Redis, as in `ability:batch`
const topicOf = (capability: Capability): string => `${subject}:${capability}`;

/**
 * The capabilities that this process, or another process of the same app, has learned from responses.
 * @param mode the configured quota mode, if any
 * @param store by which processes share learned capabilities
 */
export function createLearnedCapabilities(
  { modes }: CapabilityPolicy,
  mode: QuotaMode,
  log: Log,
  store?: Pick<SharedStore, 'publish' | 'subscribe'>,
) {
  const startedAtMs = epochMs();
  const learned = new Map<string, LearnedCapability>(
    Object.entries(modes[mode]).map(([capability, value]) => [
      capability,
      { value, confirmed: true, learnedAtMs: startedAtMs, validMs: usualValidMs },
    ]),
  );

  function lookup(capability: Capability): LearnedCapability | null {
    const lastLearned = learned.get(capability);
    return lastLearned && epochMs() < lastLearned.learnedAtMs + lastLearned.validMs ? lastLearned : null;
  }

  subscribeTo(store, subject, (message, capability) => {
    const received = parseMessage(capability, message, modes.development);
    if (!received || received.learnedAtMs <= (learned.get(capability)?.learnedAtMs ?? 0)) return;
    const { value, ...rest } = received;
    if (value === null) learned.delete(capability);
    else learned.set(capability, { value, ...rest, validMs: usualValidMs });
  });

  return {
    /** Null if nothing is known, or the learned value has expired. */
    lookup,
    /** The capability as it was learned last, even if it has expired. */
    last: (capability: Capability): LearnedCapability | undefined => learned.get(capability),
    /** Logs the capability if it is confirmed, and shares it with the other processes unless it expires sooner than usual. */
    record(
      capability: Capability,
      value: boolean | number,
      { confirmed = true, validMs = usualValidMs }: { confirmed?: boolean; validMs?: number } = {},
    ): void {
      const before = lookup(capability);
      if (before?.value === value && before.confirmed === confirmed) return;
      const newValue = { value, confirmed, learnedAtMs: epochMs(), validMs };
      learned.set(capability, newValue);
      if (confirmed) {
        const valueBefore = before?.confirmed ? before.value : null;
        log.info({ ability: capability, value, before: valueBefore }, learnedSentence(capability, value));
      }
      if (validMs === usualValidMs) store?.publish(topicOf(capability), newValue);
    },
    /** Forgets a capability, in all processes. */
    reset(capability: Capability): void {
      if (!learned.delete(capability)) return;
      store?.publish(topicOf(capability), { value: null, learnedAtMs: epochMs() });
    },
    /** All capabilities that are known and have not expired, by name. */
    values: (): CapabilityValues =>
      Object.fromEntries(
        [...learned].filter(([name]) => lookup(name)).map(([name, { value }]) => [name, value]),
      ),
  };
}

/** A capability that another process has learned or, if its value is null, has forgotten. */
interface ReceivedCapability {
  value: boolean | number | null;
  confirmed: boolean;
  learnedAtMs: number;
}

/** Null for a message that no gateway has sent. */
function parseMessage(
  capability: Capability,
  { value, confirmed, learnedAtMs }: Message,
  examples: Readonly<Record<Capability, boolean | number>>,
): ReceivedCapability | null {
  if (!Object.hasOwn(examples, capability)) return null;
  if (value !== null && (!isValue(value) || typeof value !== typeof examples[capability])) return null;
  if (typeof learnedAtMs !== 'number') return null;
  return { value, confirmed: confirmed !== false, learnedAtMs: Math.min(learnedAtMs, epochMs()) };
}

const isValue = (value: unknown): value is boolean | number =>
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= largestPageSize);

/**
 * Whether the app has a capability; null if it is not known. What was known a day ago counts until a response shows the
 * contrary: otherwise an operation that fitted for a day would be rejected before it can send the call that shows it.
 */
export function hasCapability(learned: LearnedCapabilities, capability: Capability): boolean | null {
  const last = learned.last(capability);
  if (typeof last?.value !== 'boolean') return null;
  if (last.value || learned.lookup(capability)) return last.value;
  // An unknown `batch` is planned like a missing one.
  return isShortLived(last) || capability === 'batch' ? null : false;
}

/**
 * The result of `read`; null if the app is known to lack the capability. It is null too if `read` throws a GatewayError and the
 * app lacked the capability when this was last known: old knowledge is used like a stale cache entry.
 */
export async function nullIfKnownMissing<T>(
  learned: LearnedCapabilities,
  capability: Capability,
  read: () => Promise<T>,
): Promise<T | null> {
  if (learned.lookup(capability)?.value === false) return null;
  try {
    return await read();
  } catch (error) {
    if (error instanceof GatewayError && hasCapability(learned, capability) === false) return null;
    throw error;
  }
}

/** Whether the value counts for a minute only, because its cause may have been a passing fault. */
export const isShortLived = (capability: Pick<LearnedCapability, 'validMs'>): boolean =>
  capability.validMs < usualValidMs;

/** A learned capability of the app, as a sentence for the log. */
export function learnedSentence(capability: Capability, value: boolean | number): string {
  if (typeof value === 'number')
    return `learned: at most ${value} ${itemsOf(capability)} a page (${capability})`;
  if (capability === 'batch')
    return `learned: this app ${value ? 'may read many objects in one call' : 'needs one call for each object'}`;
  return `learned: Spotify ${value ? `gives ${capability} to` : `withholds ${capability} from`} this app`;
}

/** The items of a page of an endpoint: `albums` for `artists/albums`. */
const itemsOf = (endpoint: string): string =>
  endpoint.includes('/') ? endpoint.slice(endpoint.lastIndexOf('/') + 1) : 'results';
