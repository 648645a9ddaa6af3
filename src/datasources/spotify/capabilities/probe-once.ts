import { CallAbandoned, UpstreamBadResponse } from '../../../errors.ts';
import type { LearnedCapabilities } from './learned-capabilities.ts';
import { type Capability, type CapabilityPolicy, limitGroupOf } from './policy.ts';

const maxProbes = 3; // a response may show nothing, such as one about an object that does not exist

export function createProbeOnce(policy: CapabilityPolicy, learned: LearnedCapabilities) {
  const probes = new Map<string, Promise<unknown>>();

  const isConfirmed = (capability: Capability): boolean => learned.lookup(capability)?.confirmed === true;
  // The first response about a page size limit that several endpoints have shows it for all of them.
  const probeOf = (capability: Capability): string =>
    learned.lookup(capability) ? capability : limitGroupOf(policy, capability);

  /** The result of `read`. While the capability is unknown, one read probes it and the others wait for that one. */
  return async <T>(capability: Capability, read: () => Promise<T>): Promise<T> => {
    for (let probesLeft = maxProbes; probesLeft > 0; probesLeft--) {
      if (isConfirmed(capability)) return read();
      const probe = probes.get(probeOf(capability));
      if (!probe) break;
      try {
        await probe;
      } catch (error) {
        // Neither a response about another object nor a call that was not sent shows anything: the next read probes.
        // After any other failure, such as a timeout, the others do not wait once more.
        if (!(error instanceof UpstreamBadResponse || error instanceof CallAbandoned)) return read();
      }
    }
    const name = probeOf(capability);
    if (probes.has(name)) return read();
    const probe = read().finally(() => probes.delete(name));
    probes.set(name, probe);
    return probe;
  };
}
