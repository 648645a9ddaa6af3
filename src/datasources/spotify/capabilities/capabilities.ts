import { UpstreamBadResponse } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { Log } from '../../../observability/log.ts';
import type { Kind } from '../kinds/ids.ts';
import type { SpotifyObject } from '../kinds/types.ts';
import type { SharedState } from '../shared-state/shared-state.ts';

/**
 * What this app may do. Spotify tells no app its kind, and the kinds blend: so each capability is learned from
 * the responses, and this is the only file that knows the two quota modes.
 *
 * One rejection can be a passing fault. A capability that has worked is given up only after rejections of two
 * different objects with a success elsewhere between them, and is soon tried again.
 */
export interface Capabilities extends CapabilityView {
  /** The page size to request: the known limit, or the largest there may be. */
  maxPageSize(endpoint: PagedEndpoint): number;
  /**
   * The result of `ask` for a page of `limit` items, from which the page size limit is learned.
   * @param list names the list to which the page belongs
   * @param confirms whether the response shows that Spotify accepts pages of this size
   * @throws SmallerPageNeeded if `ask` throws LimitRejected, or the limit is known to be lower
   */
  withLimit<T>(
    endpoint: PagedEndpoint,
    limit: number,
    list: string,
    ask: () => Promise<T>,
    confirms: (response: T) => boolean,
  ): Promise<T>;
  /**
   * The result of `ask`, or null if the app lacks the feature or `ask` throws FeatureWithheld.
   * @param object names the object that is requested
   */
  withFeature<T>(feature: Feature, object: string, ask: () => Promise<T>): Promise<T | null>;
  /** The result of `ask`, or null if the field is known to be withheld from the app. */
  withField<T>(field: WithheldField, ask: () => Promise<T>): Promise<T | null>;
  /** Learns from a full object which fields come with it. */
  observe(object: SpotifyObject): void;
  /** A call of any endpoint succeeded. */
  recordSuccess(): void;
  /** All that is known, by the name of the capability; a page size limit is a number. */
  values(): CapabilityValues;
  /** Forgets a capability: the rejection had another cause. */
  reset(feature: Feature): void;
}

export type CapabilityValues = Readonly<Record<string, boolean | number>>;

/** What is known, for the plan of an operation. */
export interface CapabilityView {
  /** False if the app is known to lack the capability; null if nothing is known. */
  has(ability: Feature | WithheldField): boolean | null;
  /** The smallest page size that the endpoint may turn out to have, and the rejected calls until then. */
  worstCasePage(endpoint: PagedEndpoint): { limit: number; probeCalls: number };
}

export type QuotaMode = 'auto' | 'development' | 'extended';
export type PagedEndpoint = 'artists/albums' | 'albums/tracks' | 'search';
/** `batch` is the reading of many objects by their ids; the others are endpoints. */
export type Feature = (typeof features)[number];
const features = ['batch', 'artists/top-tracks', 'artists/related-artists'] as const;
export type WithheldField = (typeof withheldFields)[Kind][number];
type Capability = PagedEndpoint | Feature | WithheldField;

/** Spotify rejected the page size. */
export class LimitRejected extends Error {
  /** Whether the response says so in words, rather than by a status alone. */
  readonly isExplicit: boolean;
  constructor(isExplicit: boolean) {
    super('page size rejected');
    this.isExplicit = isExplicit;
  }
}

/** The page is to be requested again, with at most `limit` items. */
export class SmallerPageNeeded extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super(`a page of at most ${limit} items is needed`);
    this.limit = limit;
  }
}

/** Spotify rejected the use of a feature. */
export class FeatureWithheld extends Error {
  /** Whether the response says so in words, rather than by a status alone. */
  readonly isExplicit: boolean;
  constructor(isExplicit: boolean) {
    super('feature withheld');
    this.isExplicit = isExplicit;
  }
}

/** Fields that Spotify leaves out of full objects for apps in development mode. */
export const withheldFields = {
  artist: ['Artist.followers', 'Artist.genres', 'Artist.popularity'],
  album: ['Album.label', 'Album.popularity'],
  track: ['Track.popularity', 'Track.previewUrl'],
} as const;

const pageSizes: Record<PagedEndpoint, readonly number[]> = {
  // These two have one limit: every report of the 10 of development mode is about both.
  'artists/albums': [50, 10],
  search: [50, 10],
  'albums/tracks': [50, 20, 10],
};
const withSameLimit: readonly PagedEndpoint[] = ['artists/albums', 'search'];
const largestPage = 50;
const maxProbes = 3; // a response may show nothing, such as one about an object that does not exist
const topic = 'ability'; // under which processes tell each other
const rememberMs = 24 * 3_600_000; // apps are promoted and rules changed, but not by the hour
const retryMs = 60_000; // a capability that has worked may be missing because of an outage
const outageMs = 3_600_000; // an outage that lasts longer is a change of the rules

/** The kinds of app that Spotify documents since February 2026. */
const modes: Record<QuotaMode, Partial<Record<Capability, boolean | number>>> = {
  auto: {},
  extended: { batch: true, 'artists/albums': 50, 'albums/tracks': 50, search: 50 },
  development: {
    batch: false,
    'artists/top-tracks': false,
    'artists/related-artists': false,
    ...Object.fromEntries(
      Object.values(withheldFields)
        .flat()
        .map((field) => [field, false]),
    ),
    'artists/albums': 10,
    'albums/tracks': 50,
    search: 10,
  },
};

interface LearnedCapability {
  value: boolean | number;
  /** Whether a response has shown it; a page size limit is lowered before the lower one has been tried. */
  confirmed: boolean;
  learnedAtMs: number;
  /** How long it is believed, in milliseconds. */
  rememberMs: number;
}

/** The first rejection of a capability, and how many calls had succeeded by then. */
interface Rejection {
  /** Names the object that was requested. */
  object: string;
  /** Whether the response says in words that the capability is missing. */
  isExplicit: boolean;
  /** Whether one such rejection is proof, for a capability that has not worked yet. */
  isConclusive: boolean;
  successes: number;
}

/** @param sharedState by which processes share what they learn */
export function createCapabilities(mode: QuotaMode, log: Log, sharedState?: SharedState): Capabilities {
  const startedAtMs = epochMs();
  const learned = new Map<string, LearnedCapability>(
    Object.entries(modes[mode]).map(([ability, value]) => [
      ability,
      { value, confirmed: true, learnedAtMs: startedAtMs, rememberMs },
    ]),
  );
  const rejections = new Map<string, Rejection>();
  const missingSinceMs = new Map<string, number>();
  const probes = new Map<string, Promise<unknown>>();
  let successes = 0;

  function lookup(ability: Capability): LearnedCapability | null {
    const capability = learned.get(ability);
    return capability && epochMs() < capability.learnedAtMs + capability.rememberMs ? capability : null;
  }

  function record(
    ability: Capability,
    value: boolean | number,
    { confirmed = true, forMs = rememberMs }: { confirmed?: boolean; forMs?: number } = {},
  ): void {
    const before = lookup(ability);
    if (before?.value === value && before.confirmed === confirmed) return;
    const capability = { value, confirmed, learnedAtMs: epochMs(), rememberMs: forMs };
    learned.set(ability, capability);
    if (!confirmed) return;
    log.info(
      { ability, value, before: before?.confirmed ? before.value : null },
      'learned what this Spotify app may do',
    );
    if (forMs === rememberMs) sharedState?.publish(`${topic}:${ability}`, capability);
  }

  function confirm(ability: Capability, value: boolean | number): void {
    rejections.delete(ability);
    missingSinceMs.delete(ability);
    record(ability, value);
  }

  /** Whether a capability is to be given up after this rejection. */
  function isGivenUp(ability: Capability, rejection: Omit<Rejection, 'successes'>): boolean {
    const before = learned.get(ability);
    if (before?.value === false) return true; // tried again, and still rejected
    const hasWorked = before?.confirmed === true;
    if (!hasWorked && rejection.isConclusive) return true;
    const first = rejections.get(ability);
    if (!first) rejections.set(ability, { ...rejection, successes });
    if (!hasWorked && rejection.isExplicit && isDevelopmentApp()) return true;
    if (!first || first.object === rejection.object) return false;
    return successes > first.successes || (!hasWorked && first.isExplicit && rejection.isExplicit);
  }

  /** Whether another capability has shown that the app is in development mode, so that one rejection is proof. */
  const isDevelopmentApp = (): boolean =>
    withSameLimit.some((endpoint) => lookup(endpoint)?.value === modes.development[endpoint]) ||
    Object.values(withheldFields).some((fields) => fields.every((field) => has(field) === false));

  function giveUp(ability: Feature | WithheldField): void {
    const before = learned.get(ability);
    const hasWorked = before?.value === true || missingSinceMs.has(ability);
    if (!hasWorked) {
      record(ability, false);
      return;
    }
    const sinceMs = missingSinceMs.get(ability) ?? epochMs();
    missingSinceMs.set(ability, sinceMs);
    record(ability, false, { forMs: epochMs() - sinceMs < outageMs ? retryMs : rememberMs });
  }

  function reject(ability: Feature | WithheldField, rejection: Omit<Rejection, 'successes'>): void {
    if (isGivenUp(ability, rejection)) giveUp(ability);
  }

  /** Gives up the features that were rejected once, before it was known that the app is in development mode. */
  function reviewRejections(): void {
    if (!isDevelopmentApp()) return;
    for (const feature of features) {
      if (rejections.get(feature)?.isExplicit && learned.get(feature)?.value === undefined) giveUp(feature);
    }
  }

  /** Lowers a page size limit, or only requests a smaller page this time while the limit has worked until now. */
  function rejectLimit(
    endpoint: PagedEndpoint,
    limit: number,
    list: string,
    isExplicit: boolean,
  ): SmallerPageNeeded {
    const next = nextBelow(endpoint, limit);
    const rejection = { object: list, isExplicit, isConclusive: isExplicit };
    if (limit <= ceiling(endpoint) && isGivenUp(endpoint, rejection)) {
      record(endpoint, next, { confirmed: false });
      rejections.delete(endpoint);
      const others = withSameLimit.includes(endpoint) ? withSameLimit : [];
      for (const other of others) {
        if (other !== endpoint && !lookup(other)?.confirmed) record(other, next, { confirmed: false });
      }
    }
    return new SmallerPageNeeded(next);
  }

  sharedState?.subscribe((about, fact) => {
    const told = parseCapability(about, fact);
    if (told && told.capability.learnedAtMs > (learned.get(told.ability)?.learnedAtMs ?? 0)) {
      learned.set(told.ability, told.capability);
    }
  });

  /** While a capability is unknown one request probes it and the others wait: it is found out once. */
  async function probeOnce<T>(ability: Capability, ask: () => Promise<T>): Promise<T> {
    for (let probesLeft = maxProbes; probesLeft > 0; probesLeft--) {
      if (lookup(ability)?.confirmed) return ask();
      const probe = probes.get(ability);
      if (!probe) break;
      try {
        await probe;
      } catch (error) {
        // A response about another object teaches nothing, so the next request probes. Any other failure takes long.
        if (!(error instanceof UpstreamBadResponse)) return ask();
      }
    }
    if (probes.has(ability)) return ask();
    const own = ask().finally(() => probes.delete(ability));
    probes.set(ability, own);
    return own;
  }

  const has = (ability: Feature | WithheldField): boolean | null =>
    (lookup(ability)?.value as boolean | undefined) ?? null;

  const ceiling = (endpoint: PagedEndpoint): number =>
    (lookup(endpoint)?.value as number | undefined) ?? largestPage;

  return {
    has,
    maxPageSize: ceiling,
    worstCasePage(endpoint) {
      const limit = ceiling(endpoint);
      if (lookup(endpoint)?.confirmed) return { limit, probeCalls: 0 };
      const smaller = pageSizes[endpoint].filter((other) => other < limit);
      return { limit: Math.min(limit, ...smaller), probeCalls: smaller.length };
    },
    withLimit: (endpoint, limit, list, ask, confirms) =>
      probeOnce(endpoint, async () => {
        if (limit > ceiling(endpoint)) throw new SmallerPageNeeded(ceiling(endpoint));
        try {
          const response = await ask();
          if (limit === ceiling(endpoint) && confirms(response)) confirm(endpoint, limit);
          reviewRejections();
          return response;
        } catch (error) {
          if (!(error instanceof LimitRejected)) throw error;
          throw rejectLimit(endpoint, limit, list, error.isExplicit);
        }
      }),
    withFeature: (feature, object, ask) =>
      probeOnce(feature, async () => {
        if (has(feature) === false) return null;
        try {
          const response = await ask();
          confirm(feature, true);
          return response;
        } catch (error) {
          if (!(error instanceof FeatureWithheld)) throw error;
          // Batches can be given up at once: single reads take their place, and nothing is lost.
          const { isExplicit } = error;
          reject(feature, { object, isExplicit, isConclusive: feature === 'batch' && isExplicit });
          return null;
        }
      }),
    async withField(field, ask) {
      const unlessWithheld = async () => (has(field) === false ? null : ask());
      // Where one call reads many objects, none is saved by probing with a single one first.
      return has('batch') ? unlessWithheld() : probeOnce(field, unlessWithheld);
    },
    observe(object) {
      if (!object.full) return;
      const fields: readonly WithheldField[] = withheldFields[object.kind];
      // An object that lacks all of them has the form of development mode; one that lacks some may be an exception.
      const isConclusive = fields.every((field) => fieldOf(object, field) === undefined);
      for (const field of fields) {
        if (fieldOf(object, field) !== undefined) confirm(field, true);
        else reject(field, { object: object.id, isExplicit: false, isConclusive });
      }
      if (isConclusive) reviewRejections();
    },
    recordSuccess() {
      successes += 1;
    },
    values: () => Object.fromEntries(Array.from(learned, ([ability, { value }]) => [ability, value])),
    reset: (feature) => void learned.delete(feature),
  };
}

/** What another process has learned; null if the message is about something else. */
function parseCapability(
  about: string,
  fact: unknown,
): { ability: Capability; capability: LearnedCapability } | null {
  const [name, ability] = about.split(':') as [string, Capability | undefined];
  const { value, learnedAtMs } = (fact ?? {}) as Partial<LearnedCapability>;
  const usual = ability && Object.hasOwn(modes.development, ability) ? modes.development[ability] : undefined;
  if (name !== topic || !ability || typeof value !== typeof usual || typeof learnedAtMs !== 'number') {
    return null;
  }
  if (typeof value === 'number' && !(Number.isInteger(value) && value > 0 && value <= largestPage)) {
    return null;
  }
  return {
    ability,
    capability: { value: value as boolean | number, confirmed: true, learnedAtMs, rememberMs },
  };
}

function nextBelow(endpoint: PagedEndpoint, limit: number): number {
  const lower = pageSizes[endpoint].find((size) => size < limit);
  if (lower === undefined) throw new UpstreamBadResponse('Spotify rejects every page size.');
  return lower;
}

const fieldOf = (object: SpotifyObject, field: WithheldField): unknown =>
  object[field.slice(field.indexOf('.') + 1) as keyof SpotifyObject];
