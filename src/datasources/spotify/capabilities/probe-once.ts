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

  /** Sends a request; while the capability is unknown, one request probes it and the others wait for that one. */
  return async <T>(capability: Capability, send: () => Promise<T>): Promise<T> => {
    for (let probesLeft = maxProbes; probesLeft > 0; probesLeft--) {
      if (isConfirmed(capability)) return send();
      const probe = probes.get(probeOf(capability));
      if (!probe) break;
      try {
        await probe;
      } catch (error) {
        // Neither a response about another object nor a call that was not sent shows anything: the next request probes.
        // After any other failure, such as a timeout, the others do not wait once more.
        if (!(error instanceof UpstreamBadResponse || error instanceof CallAbandoned)) return send();
      }
    }
    const name = probeOf(capability);
    if (probes.has(name)) return send();
    const probe = send().finally(() => probes.delete(name));
    probes.set(name, probe);
    return probe;
  };
}
