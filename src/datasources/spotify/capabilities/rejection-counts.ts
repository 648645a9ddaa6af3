import { getOrCreate } from '../../../maps.ts';
import type { Capability } from './policy.ts';

/** Counts the rejections of each capability since it was last seen to work. */
export function createRejectionCounts() {
  const byCapability = new Map<Capability, { object: string; successes: number; count: number }>();
  return {
    /**
     * @param successes calls that have succeeded
     * @returns the number of rejections; 0 while they concern one object, or no call has succeeded since the first of them
     */
    add(capability: Capability, object: string, successes: number): number {
      const first = getOrCreate(byCapability, capability, () => ({ object, successes, count: 0 }));
      first.count += 1;
      const areSeveral = object !== first.object && successes > first.successes;
      return areSeveral ? first.count : 0;
    },
    forget: (capability: Capability): void => void byCapability.delete(capability),
  };
}
