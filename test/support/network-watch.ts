import { channel } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { Socket } from 'node:net';

/** Records every connection that this process opens and every HTTP request that undici sends. */

interface SeenConnection {
  host: string;
  port: number;
  atMs: number;
  socket: Socket;
}

interface SeenRequest {
  origin: string;
  path: string;
  /** `Bearer`, `Basic`, or empty. */
  scheme: string;
  /** The credentials of the `authorization` header: a secret. */
  credentials: string;
}

interface NetworkWatch {
  /** The connections and requests from now on. */
  since(): Watched;
  /** Makes the lookup of host names with this ending fail, without a DNS request. */
  unresolvable(ending: string, code: 'ENOTFOUND' | 'EAI_AGAIN'): void;
}

export interface Watched {
  connections(): SeenConnection[];
  requests(): SeenRequest[];
}

const connections: SeenConnection[] = [];
const requests: SeenRequest[] = [];
const unresolvableEndings = new Map<string, string>();
let watch: NetworkWatch | undefined;

/** All callers share one watch, because it replaces functions of the whole process. */
export function watchNetwork(): NetworkWatch {
  watch ??= install();
  return watch;
}

function install(): NetworkWatch {
  watchConnections();
  watchRequests();
  interceptLookups();
  return {
    since() {
      const from = { connections: connections.length, requests: requests.length };
      return {
        connections: () => connections.slice(from.connections),
        requests: () => requests.slice(from.requests),
      };
    },
    unresolvable: (ending, code) => void unresolvableEndings.set(ending, code),
  };
}

function watchConnections(): void {
  const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket;
  function recordAndConnect(this: Socket, ...args: unknown[]): Socket {
    const [first] = args;
    // `net.connect` passes its normalized arguments as a list.
    const { host = 'localhost', port } = (Array.isArray(first) ? first[0] : first) as {
      host?: string;
      port?: unknown;
    };
    if (port !== undefined) {
      connections.push({ host, port: Number(port), atMs: performance.now(), socket: this });
    }
    return Reflect.apply(connect, this, args);
  }
  Socket.prototype.connect = recordAndConnect as typeof Socket.prototype.connect;
}

function watchRequests(): void {
  channel('undici:request:create').subscribe((message) => {
    const { request } = message as {
      request: { origin: string | URL; path: string; headers: string | string[] };
    };
    const headers = [request.headers].flat().join('\n');
    const [, scheme = '', credentials = ''] = /authorization[:\n]\s*(\w+)(?: +(\S+))?/i.exec(headers) ?? [];
    requests.push({ origin: new URL(request.origin).origin, path: request.path, scheme, credentials });
  });
}

function interceptLookups(): void {
  const lookup = dns.lookup as unknown as (...args: unknown[]) => void;
  const lookupOrFail = (...args: unknown[]): void => {
    const [name] = args;
    const callback = args.at(-1) as (error: Error) => void;
    const [, code] = [...unresolvableEndings].find(([ending]) => String(name).endsWith(ending)) ?? [];
    if (code === undefined) {
      lookup(...args);
      return;
    }
    const error = Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code, syscall: 'getaddrinfo' });
    setImmediate(() => callback(error));
  };
  dns.lookup = lookupOrFail as unknown as typeof dns.lookup;
}
