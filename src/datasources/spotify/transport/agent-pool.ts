import { Agent, buildConnector } from 'undici';

/** Undici's agent for all calls, which is replaced when one of its sockets does not respond. */
export interface AgentPool {
  current(): Agent;
  /** If one socket does not respond its idle ones may be dead too: later requests get new sockets. */
  retireAgent(agent: Agent): void;
  /** Counts a request that waits for a socket; the returned function ends that, and may be called again. */
  addPending(): () => void;
  /** Closes every socket, also those in use. */
  close(): Promise<void>;
}

const keepAliveMs = 30_000; // bursts reuse their sockets; an idle gateway closes them soon

/** @param connections maximum sockets to one host */
export function createAgentPool(connections: number): AgentPool {
  const connector = buildConnector({});
  const agents = new Set<Agent>();
  let pendingConnects = 0;
  let agent = openAgent();

  function openAgent(): Agent {
    const opened = new Agent({
      connections,
      keepAliveTimeout: keepAliveMs,
      // Undici replaces the socket of an aborted request, even if no request needs one.
      connect: (options, callback) =>
        pendingConnects > 0 ? connector(options, callback) : callback(new Error('no request waits'), null),
    });
    agents.add(opened);
    return opened;
  }

  return {
    current: () => agent,
    retireAgent(retired) {
      if (retired !== agent) return;
      agent = openAgent();
      void retired.close().finally(() => agents.delete(retired));
    },
    addPending() {
      let isPending = true;
      pendingConnects += 1;
      return () => {
        if (isPending) pendingConnects -= 1;
        isPending = false;
      };
    },
    async close() {
      await Promise.all(Array.from(agents, (open) => open.destroy()));
    },
  };
}
