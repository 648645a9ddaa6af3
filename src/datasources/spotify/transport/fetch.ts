import { Agent, buildConnector, type Dispatcher } from 'undici';
import { isGzip, unpack } from './gunzip.ts';

/**
 * The `fetch` that ofetch calls, over undici's dispatcher: undici's own `fetch` takes 2.6 times the CPU of a call, repeats
 * a request by itself on 421, and opens a second socket for each request that is given up. The body is read whole,
 * up to a limit.
 */
export interface Wire {
  /** @throws TimedOut, TooLarge, or the error of the system, of undici or of zlib */
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

const keepAliveMs = 30_000; // bursts reuse their sockets; an idle gateway holds none for long

interface Reply {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Decompressed. */
  body: Buffer;
}

interface Init {
  method: Dispatcher.HttpMethod;
  headers: Headers;
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
        if (bytes === 0 || !isGzip(textOf(reply.headers['content-encoding']))) return body;
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
          headers: Object.fromEntries(headers),
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
      // ofetch passes on the options of its call, its own Headers among them.
      const { status, headers, body } = await send(new URL(String(url)), init as unknown as Init);
      const hasBody = !withoutBody.has(status);
      return new Response(hasBody ? new Uint8Array(body) : null, { status, headers: plainHeaders(headers) });
    },
    async close() {
      await Promise.all(Array.from(agents, (each) => each.destroy()));
    },
  };
}

const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]); // a Response of such a status takes none

const textOf = (value: string | string[] | undefined): string => [value ?? ''].flat().join(', ');

/** The headers that a Response takes: others would make it throw. */
const plainHeaders = (headers: Reply['headers']): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    plainText.test(textOf(value)) ? [[name, textOf(value)]] : [],
  );

const plainText = /^[\t\x20-\x7e]*$/;
