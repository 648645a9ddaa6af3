import type { World } from './fault-world.ts';
import { type Environment, type Server, startServer, upstreamOf } from './process.ts';

/** A gateway in a process of its own, in front of the case's sandbox; it ends with the case's other gateways. */
export const startProcess = async (world: World, environment: Environment = {}): Promise<Server> =>
  world.adopt(await startServer({ ...upstreamOf(world.sandbox), ...environment }));
