import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { type Environment, type OnEnd, startServer } from './process.ts';

/** A sandbox in this process, for gateways that are processes of their own. */
export async function startUpstream(onEnd: OnEnd, options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  onEnd(sandbox.close);
  return sandbox;
}

/** `startServer` for concurrent tests, which pass the `onTestFinished` of their own context. */
export const start = (onEnd: OnEnd, environment: Environment = {}, dotenv?: string) =>
  startServer(environment, dotenv, onEnd);
