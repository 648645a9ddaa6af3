import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { catalogue } from './catalogue.ts';
import type { OnEnd } from './process.ts';
import { onTestEnd } from './test-end.ts';

/** A sandbox in this process, for gateways that are processes of their own. */
export async function startUpstream(
  options: SandboxOptions = {},
  onEnd: OnEnd = onTestEnd,
): Promise<Sandbox> {
  const sandbox = await startSandbox({ catalogue, ...options });
  onEnd(sandbox.close);
  return sandbox;
}
