import { Agent, buildConnector, type Dispatcher } from 'undici';
import { unpack } from './unpack.ts';

/**
 * As much of `fetch` as ofetch needs, straight over undici's dispatcher: in a third of the time that the global
 * one takes, which would also repeat a request by itself (on 421). The body is read whole, or not at all.
 */
export interface Wire {
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Closes every socket, also those in use. */
  close(): Promise<void>;
}

declare module 'ofetch' {
  interface FetchOptions {
    /** Largest decoded body that is read, in bytes. */
    maxBytes?: number;
    /** Limit over connecting, headers and body, in milliseconds. */
    wholeTimeoutMs?: number;
  }
}

/** The body is larger than was asked for. */
export class TooLarge extends Error {
  readonly status: number;
  constructor(status: number) {
    super('body too large');
    this.status = status;
  }
}

/** The answer was not whole in time. */
export class TimedOut extends Error {}

/** As much of `Headers` as ofetch needs, for names in small letters: the global one was a twentieth of an artist. */
export class PlainHeaders {
  readonly all: Record<string, string>;
  constructor(all: Record<string, string>) {
    this.all = all;
  }
  get(name: string): string | null {
    return this.all[name] ?? null;
  }
  has(name: string): boolean {
    return name in this.all;
  }
  set(name: string, value: string): void {
    this.all[name] = value;
  }
}

const keepAliveMs = 30_000; // bursts reuse their sockets; an idle gateway holds none for long

interface Reply {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
}

interface Init {
  method: Dispatcher.HttpMethod;
  headers: PlainHeaders;
  body?: string | null;
  maxBytes: number;
  wholeTimeoutMs: number;
}

/** @param connections most sockets to one host */
export function createWire(connections: number): Wire {
  let unsent = 0;
  const connector = buildConnector({});
  const agents = new Set<Agent>();
  let agent = openAgent();

  function openAgent(): Agent {
    const opened = new Agent({
      connections,
      keepAliveTimeout: keepAliveMs,
      // In place of a socket whose request was given up undici opens another one, though nobody needs it.
      connect: (options, callback) =>
        unsent > 0 ? connector(options, callback) : callback(new Error('no request waits'), null),
    });
    agents.add(opened);
    return opened;
  }

  /** Where one socket has gone silent the idle ones may be dead too: the next request gets a new one. */
  function distrust(silent: Agent): void {
    if (silent !== agent) return;
    agent = openAgent();
    void silent.close().finally(() => agents.delete(silent));
  }

  function send(url: URL, { method, headers, body, maxBytes, wholeTimeoutMs }: Init): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const used = agent;
      const chunks: Buffer[] = [];
      let bytes = 0;
      let reply: Pick<Reply, 'status' | 'headers'> = { status: 0, headers: {} };
      let control: Dispatcher.DispatchController | undefined;
      let isSent = false;
      let fault: Error | undefined;
      const timer = setTimeout(() => {
        giveUp(new TimedOut());
        distrust(used);
      }, wholeTimeoutMs);

      function sent(): void {
        if (!isSent) unsent -= 1;
        isSent = true;
      }

      function giveUp(reason: Error): void {
        fault = reason;
        sent();
        clearTimeout(timer);
        reject(reason);
        control?.abort(reason);
      }

      function take(chunk: Buffer): void {
        bytes += chunk.byteLength;
        if (bytes <= maxBytes) chunks.push(chunk);
        else giveUp(new TooLarge(reply.status));
      }

      /** @throws TooLarge, Error of zlib */
      function whole(): Buffer {
        const body = Buffer.concat(chunks);
        if (bytes === 0 || reply.headers['content-encoding'] !== 'gzip') return body;
        const text = unpack(body, maxBytes);
        if (text === null) throw new TooLarge(reply.status);
        return text;
      }

      function finish(): void {
        try {
          resolve({ body: whole(), ...reply });
          clearTimeout(timer);
        } catch (error) {
          giveUp(error as Error);
        }
      }

      unsent += 1;
      used.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method,
          headers: headers.all,
          body: body ?? null,
          headersTimeout: 0, // the whole attempt has a limit
          bodyTimeout: 0,
        },
        {
          onRequestStart(controller) {
            control = controller;
            sent();
            if (fault) controller.abort(fault); // it has waited for its socket for too long
          },
          onResponseStart(_, status, responseHeaders) {
            reply = { status, headers: responseHeaders };
          },
          onResponseData: (_, chunk) => take(chunk),
          onResponseEnd: finish,
          onResponseError: (_, error) => giveUp(error),
        },
      );
    });
  }

  return {
    async fetch(url, init) {
      const { status, headers: received, body } = await send(new URL(String(url)), init as unknown as Init);
      const headers = { get: (name: string) => [received[name] ?? null].flat()[0] ?? null };
      return { status, headers, body, arrayBuffer: async () => body } as unknown as Response;
    },
    async close() {
      await Promise.all(Array.from(agents, (each) => each.destroy()));
    },
  };
}
