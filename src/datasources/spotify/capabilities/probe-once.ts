import { CallAbandoned, UpstreamBadResponse } from '../../../errors.ts';
import type { Capability } from './policy.ts';

/** Sends a request; while the capability is unknown, one request probes it and the others wait for that one. */
type ProbeOnce = <T>(capability: Capability, send: () => Promise<T>) => Promise<T>;

const maxProbes = 3; // a response may show nothing, such as one about an object that does not exist

export function createProbeOnce(isConfirmed: (capability: Capability) => boolean): ProbeOnce {
  const probes = new Map<string, Promise<unknown>>();

  return async (capability, send) => {
    for (let probesLeft = maxProbes; probesLeft > 0; probesLeft--) {
      if (isConfirmed(capability)) return send();
      const probe = probes.get(capability);
      if (!probe) break;
      try {
        await probe;
      } catch (error) {
        // Neither a response about another object nor a call that was not sent shows anything: the next request probes.
        // Any other failure takes long.
        if (!(error instanceof UpstreamBadResponse || error instanceof CallAbandoned)) return send();
      }
    }
    if (probes.has(capability)) return send();
    const probe = send().finally(() => probes.delete(capability));
    probes.set(capability, probe);
    return probe;
  };
}
