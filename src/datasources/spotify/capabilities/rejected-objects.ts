import { createLru } from '../../../lru.ts';
import { epochMs } from '../../../observability/clock.ts';
import { FeatureWithheld } from '../kinds/requests/endpoint-request.ts';
import type { Capability, CapabilityPolicy } from './policy.ts';
import { retryMs } from './rejections.ts';

const maxObjects = 10_000;

/**
 * The objects for which Spotify has recently rejected a feature that it may give for other objects. Like an absence, the
 * rejection is remembered, so that the object does not cost a call at every request.
 */
export function createRejectedObjects({ conclusiveFeatures }: CapabilityPolicy) {
  const rejectedObjects = createLru<{ error: FeatureWithheld; untilMs: number }>(maxObjects, {
    ttl: retryMs,
  });
  const keyOf = (feature: Capability, object: string): string => `${feature} ${object}`;

  return {
    /** The result of `call`. @throws FeatureWithheld without a call if Spotify has just rejected the object */
    async callUnlessRejected<T>(feature: Capability, object: string, call: () => Promise<T>): Promise<T> {
      // One rejection of these shows that the whole app lacks the feature, or may be a passing fault.
      if (conclusiveFeatures.includes(feature)) return call();
      const key = keyOf(feature, object);
      const rejected = rejectedObjects.get(key);
      if (rejected) throw rejected.error;
      try {
        return await call();
      } catch (error) {
        if (error instanceof FeatureWithheld)
          rejectedObjects.set(key, { error, untilMs: epochMs() + retryMs });
        throw error;
      }
    },
    /** Until when the object is remembered, in milliseconds of the epoch; Infinity if it is not. */
    rejectedUntilMs: (feature: Capability, object: string): number =>
      rejectedObjects.get(keyOf(feature, object))?.untilMs ?? Number.POSITIVE_INFINITY,
  };
}
