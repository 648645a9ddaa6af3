import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { type Connector, createSocketsAhead } from './sockets-ahead.ts';

/** An HTTP proxy through which calls to https URLs are sent. */
export interface HttpsProxy {
  url: string;
  /** Hosts that are called directly, separated by commas. */
  noProxy: string;
}

export type AgentPool = ReturnType<typeof createAgentPool>;

const keepAliveMs = 30_000; // bursts reuse their sockets; an idle gateway closes them soon

/**
 * Undici's agent for all calls, which is replaced when one of its sockets does not respond.
 * @param connections maximum sockets to one host, also through a proxy
 */
export function createAgentPool(connections: number, proxy: HttpsProxy | null = null) {
  const agents = new Set<Dispatcher>();
  let pendingConnects = 0;
  let isClosed = false;
  const ahead = createSocketsAhead(buildConnector({}), keepAliveMs);
  let agent = openAgent();

  /** Opens sockets only while a request waits for one: undici would also replace the socket of an aborted request. */
  function whilePending(connector: Connector): Connector {
    return (options, callback) =>
      pendingConnects > 0 ? connector(options, callback) : callback(new Error('no request waits'), null);
  }

  function openAgent(): Dispatcher {
    const options = { connections, keepAliveTimeout: keepAliveMs, connect: whilePending(ahead.connect) };
    const opened = proxy === null ? new Agent(options) : openProxyAgent(options, proxy, whilePending);
    agents.add(opened);
    return opened;
  }

  return {
    current: (): Dispatcher => agent,
    /** Opens sockets to a host for the next requests; not through a proxy, whose sockets undici opens itself. */
    openAhead(origin: URL): void {
      if (proxy === null && !isClosed) ahead.open(origin);
    },
    /** Replaces the agent after a timeout: its idle sockets may be dead too. */
    retireAgent(retired: Dispatcher): void {
      if (retired !== agent || isClosed) return; // the timeout of a request may end while the pool closes
      agent = openAgent();
      void retired.close().finally(() => agents.delete(retired));
    },
    /** Counts a request that waits for a socket; the returned function ends that, and may be called again. */
    addPending(): () => void {
      let isPending = true;
      pendingConnects += 1;
      return () => {
        if (isPending) pendingConnects -= 1;
        isPending = false;
      };
    },
    /** Closes every socket, also those in use. */
    async close(): Promise<void> {
      isClosed = true;
      ahead.close();
      await Promise.all(Array.from(agents, (open) => open.destroy()));
    },
  };
}

/** An agent whose sockets are tunnels through the proxy. Undici passes their connector to the factory. */
const openProxyAgent = (
  options: Agent.Options,
  { url, noProxy }: HttpsProxy,
  whilePending: (connector: Connector) => Connector,
): Dispatcher =>
  new EnvHttpProxyAgent({
    ...options,
    httpsProxy: url,
    httpProxy: '', // plain http is for this machine
    noProxy,
    factory(origin: URL, poolOptions: Pool.Options) {
      const { connect } = poolOptions;
      return new Pool(origin, {
        ...poolOptions,
        ...(typeof connect === 'function' && { connect: whilePending(connect) }),
      });
    },
  });
