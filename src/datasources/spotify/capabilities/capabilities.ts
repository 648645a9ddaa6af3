import type { Log } from '../../../observability/log.ts';
import { type Feature, kinds, type PagedEndpoint, type WithheldField } from '../kinds/index.ts';
import type { Entity, KindRegistry } from '../kinds/kind.ts';
import { FeatureWithheld, LimitRejected } from '../kinds/requests/endpoint-request.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';
import { isDevelopmentMode } from './development-mode.ts';
import {
  type CapabilityValues,
  createLearnedCapabilities,
  hasCapability,
  nullIfKnownMissing,
} from './learned-capabilities.ts';
import { createPageSizeView, maxPageSize, SmallerPageNeeded } from './page-sizes.ts';
import { capabilityPolicy, type QuotaMode } from './policy.ts';
import { createProbeOnce } from './probe-once.ts';
import { createRejectedObjects } from './rejected-objects.ts';
import { createRejections, lowerMaxPageSize, withheldUntilMs } from './rejections.ts';
import { createObserve } from './withheld-fields.ts';

/**
 * The capabilities that this app has at Spotify. Spotify does not state the quota mode of an app, and some apps have a
 * part of each mode: so each capability is learned from the responses.
 */
export interface Capabilities extends CapabilityView {
  has(capability: string): boolean | null;
  isTriedAgain(capability: string): boolean;
  /**
   * The end of the time in which a response without the feature or the field may be reused, in milliseconds of the epoch.
   * Infinity if Spotify is known to withhold it; otherwise at most a minute from now.
   * @param object the object for which Spotify may have rejected the feature alone
   */
  withheldUntilMs(capability: string, object?: string): number;
  /** The page size to request: the known limit, or the largest there may be. */
  maxPageSize(endpoint: string): number;
  /** The page size to request if no call is left to try a larger one: the limit known last, or that of development mode. */
  sizeWithoutProbe(endpoint: string): number;
  /** The limit that was known last, valid or not; null if there was none. Pages of this size may be cached. */
  lastPageSize(endpoint: string): number | null;
  /** The page sizes that Spotify may have accepted before. Pages of each size may be cached. */
  pageSizes(endpoint: string): readonly number[];
  /**
   * The result of `call`, which reads a page of `limit` items: from it, the page size limit is learned.
   * @param list names the list to which the page belongs
   * @param confirms whether the response shows that Spotify accepts pages of this size
   * @throws SmallerPageNeeded if `call` throws LimitRejected, or the limit is known to be lower
   */
  withPageSize<T>(
    endpoint: string,
    limit: number,
    list: string,
    call: () => Promise<T>,
    confirms: (response: T) => boolean,
  ): Promise<T>;
  /**
   * The result of `read`; null if the app is known to lack the feature, or `read` throws FeatureWithheld. It is null too if
   * `read` throws a GatewayError and the app lacked the feature when this was last known.
   * @param object names the object that is requested
   * @param read may use the cache: that it succeeds does not show that the app has the feature
   */
  nullIfMissing<T>(feature: string, object: string, read: () => Promise<T>): Promise<T | null>;
  /**
   * The result of `call`, which calls Spotify: from it, or from a FeatureWithheld that it throws, the feature is learned.
   * @param confirms whether the result shows that the app has the feature
   */
  learnFeature<T>(
    feature: string,
    object: string,
    call: () => Promise<T>,
    confirms: (result: T) => boolean,
  ): Promise<T>;
  /** Like `nullIfMissing`, for a field of full objects: any full object shows whether the app gets the field. */
  nullIfFieldMissing<T>(field: string, read: () => Promise<T>): Promise<T | null>;
  /** Learns from an object that Spotify has just sent which fields come with a full one. */
  observe(object: Entity): void;
  /** A call of any endpoint succeeded. */
  recordSuccess(): void;
  /** All known capabilities by name; the value of a page size limit is a number. */
  values(): CapabilityValues;
  isDevelopmentMode(): boolean;
  /** Forgets a capability, in all processes: the rejection had another cause. */
  reset(feature: string): void;
}

/** The known capabilities, for the plan of an operation. */
export interface CapabilityView {
  /** False if the app is known to lack the capability, now or a day ago; null if nothing is known. */
  has(capability: Feature | WithheldField): boolean | null;
  /** Whether the app lacked the capability a day ago, so that the next read of it sends a call. */
  isTriedAgain(capability: Feature | WithheldField): boolean;
  /** The smallest page size that the endpoint may turn out to have, and the rejected calls until then. */
  worstCasePage(endpoint: PagedEndpoint): { limit: number; probeCalls: number };
}

/**
 * @param store by which processes share learned capabilities
 * @param registry the kinds of objects; by default all that the gateway serves
 */
export function createCapabilities(
  mode: QuotaMode,
  log: Log,
  store?: Pick<SharedStore, 'publish' | 'subscribe'>,
  registry: KindRegistry = kinds,
): Capabilities {
  const policy = capabilityPolicy(registry);
  const learned = createLearnedCapabilities(policy, mode, log, store);
  const rejections = createRejections(policy, learned);
  const { callUnlessRejected, rejectedUntilMs } = createRejectedObjects(policy);
  const probeOnce = createProbeOnce(policy, learned);

  // Each operation that waits for a call gets the same error: one response of Spotify is one rejection.
  const countedErrors = new WeakSet<FeatureWithheld>();

  function reject(feature: string, object: string, error: FeatureWithheld): void {
    if (countedErrors.has(error)) return;
    countedErrors.add(error);
    const { isExplicit, isFromEdge } = error;
    const isConclusive = isExplicit && policy.conclusiveFeatures.includes(feature);
    const differsByObject = policy.perOwnerFeatures.includes(feature);
    rejections.addFeatureRejection(feature, {
      object,
      isExplicit,
      isConclusive,
      isFromEdge,
      differsByObject,
    });
  }

  const nullIfMissing: Capabilities['nullIfMissing'] = (feature, object, read) =>
    probeOnce(feature, () =>
      nullIfKnownMissing(learned, feature, read).catch((error) => {
        if (!(error instanceof FeatureWithheld)) throw error;
        reject(feature, object, error);
        return null;
      }),
    );

  const learnFeature: Capabilities['learnFeature'] = async (feature, object, call, confirms) => {
    // Another process may have learned it while this one waited for the other one's call.
    if (learned.lookup(feature)?.value === false) {
      const error = new FeatureWithheld({ isExplicit: true });
      countedErrors.add(error);
      throw error;
    }
    try {
      const result = await callUnlessRejected(feature, object, call);
      if (confirms(result)) rejections.confirm(feature, true);
      return result;
    } catch (error) {
      if (error instanceof FeatureWithheld) reject(feature, object, error);
      throw error;
    }
  };

  return {
    has: (capability) => hasCapability(learned, capability),
    isTriedAgain: (capability) =>
      hasCapability(learned, capability) === false && learned.lookup(capability) === null,
    withheldUntilMs: (capability, object = '') =>
      withheldUntilMs(learned, capability, rejectedUntilMs(capability, object)),
    ...createPageSizeView(policy, learned),
    withPageSize: (endpoint, limit, list, call, confirms) =>
      probeOnce(endpoint, async () => {
        const knownLimit = maxPageSize(learned, endpoint);
        if (limit > knownLimit) throw new SmallerPageNeeded(knownLimit);
        try {
          const response = await call();
          if (limit === maxPageSize(learned, endpoint) && confirms(response)) {
            rejections.confirm(endpoint, limit);
          }
          rejections.giveUpRejectedFeatures();
          return response;
        } catch (error) {
          if (!(error instanceof LimitRejected)) throw error;
          const { isExplicit } = error;
          const rejection = { object: list, isExplicit, isConclusive: isExplicit, limit };
          throw lowerMaxPageSize(policy, learned, rejections, endpoint, rejection);
        }
      }),
    nullIfMissing,
    learnFeature,
    async nullIfFieldMissing(field, read) {
      const readUnlessMissing = () => nullIfKnownMissing(learned, field, read);
      // If one call reads many objects, a probe with a single object first would save no call.
      const isBatched = learned.lookup('batch')?.value === true;
      return isBatched ? readUnlessMissing() : probeOnce(field, readUnlessMissing);
    },
    observe: createObserve(policy, rejections),
    recordSuccess: rejections.recordSuccess,
    values: learned.values,
    isDevelopmentMode: () => isDevelopmentMode(policy, learned),
    reset: rejections.reset,
  };
}
