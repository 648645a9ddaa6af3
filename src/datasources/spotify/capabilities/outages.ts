import { getOrCreate } from '../../../maps.ts';
import { epochMs } from '../../../observability/clock.ts';
import { isShortLived, type LearnedCapabilities } from './learned-capabilities.ts';
import type { Capability } from './policy.ts';

const outageMs = 3_600_000; // an outage that lasts longer is a change of the rules
const maxSilenceMs = outageMs + 60_000; // two rejections with a longer time between them do not show one outage

/** Since when each capability has been missing, as far as rejections show it. */
export function createOutages(learned: LearnedCapabilities) {
  const startedMs = new Map<Capability, number>();

  /** Whether the outage is over: the capability has worked, is unknown again, or was last rejected long ago. */
  function isOver(capability: Capability): boolean {
    const last = learned.last(capability);
    if (last?.value !== false) return true;
    return isShortLived(last) && epochMs() - last.learnedAtMs > maxSilenceMs;
  }

  return {
    has: (capability: Capability): boolean => startedMs.has(capability),
    /** Records that Spotify rejects the capability now. @returns whether an outage may be the cause */
    addRejection(capability: Capability): boolean {
      if (isOver(capability)) startedMs.delete(capability);
      return epochMs() - getOrCreate(startedMs, capability, epochMs) < outageMs;
    },
    end: (capability: Capability): void => void startedMs.delete(capability),
  };
}
