import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import {
  type FaultRule,
  type Sandbox,
  type SandboxCall,
  type SandboxOptions,
  startSandbox,
} from '../../src/sandbox/index.ts';
import { stopwatchMs } from './fault-clock.ts';
import { catalogue, type Operation } from './fault-operations.ts';
import { startRedis } from './fault-redis.ts';
import { type Watched, watchNetwork } from './network-watch.ts';
import { startTcpProxy, type TcpProxy, type Trouble } from './tcp-proxy.ts';

/** A sandbox with faults, what stands between, and the gateways that must live with it. */

export interface WorldOptions {
  /** The gateway's environment beyond what leads it to the sandbox. */
  environment?: Environment | ((services: Services) => Promise<Environment>);
  sandbox?: SandboxOptions;
  /** Which of Spotify's two services is reached through the TCP proxy. */
  proxied?: 'api' | 'token' | 'both';
  redis?: boolean;
  /** How many gateways there are; default 1. */
  gateways?: number;
}

export type Environment = Readonly<Record<string, string>>;

/** What an environment may be made of. */
export interface Services {
  sandbox: Sandbox;
  /** Calls back when the case is over. */
  defer(end: () => unknown): void;
}

export interface Outcome {
  operation: Operation;
  status: number;
  headers: Headers;
  /** The body as it came. */
  text: string;
  data: unknown;
  errors: AnswerError[];
  extensions: { spotify?: Report };
  /** From the question to the last byte of the answer. */
  ms: number;
}

export interface AnswerError {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string; retryAfter?: number };
}

/** What the gateway tells of an operation's cost. */
export interface Report {
  calls: { method: string; path: string; status: number | null; origin: string }[];
  stale: { field: string; path: (string | number)[]; reason: string }[];
}

export interface World extends Services {
  proxy: TcpProxy;
  redisUrl: string | null;
  /** Hosts that the gateways may call. */
  allowed: Set<string>;
  network: Watched;
  ask(operation: Operation, options?: AskOptions): Promise<Outcome>;
  /** For what is asked in a way that no client of good will asks; default the first. */
  gateway(place?: number): Gateway;
  /** Status of `/ready`. */
  ready(gateway?: number): Promise<number>;
  /** What `/metrics` of all gateways says. */
  metrics(): Promise<string>;
  /** Adds a rule; without `on` it is about every call of the Web API. */
  fault(rule: FaultRule): () => void;
  trouble(trouble: Trouble): Promise<void>;
  /** All is well again. */
  lift(): Promise<void>;
  calls(kind: SandboxCall['kind']): SandboxCall[];
  /** Another gateway, after those that are there. */
  add(environment?: Environment): void;
  /** Ends a gateway and starts another one in its place. */
  restart(gateway?: number): Promise<void>;
  /** All that the gateways have told their operator, line by line. */
  log(): string[];
  /** Secrets that were given or made, and nobody may see. */
  secrets(): string[];
  disposeGateways(): Promise<void>;
  close(): Promise<void>;
}

export interface AskOptions {
  /** Which gateway is asked; default the first. */
  gateway?: number;
  signal?: AbortSignal;
}

const clientId = 'canary-client';
const clientSecret = 'canary-secret-5d0c7b1e';

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const network = watchNetwork().since();
  const sandbox = await startSandbox({ catalogue, clientId, clientSecret, ...options.sandbox });
  const proxy = await startTcpProxy(Number(new URL(sandbox.apiUrl).port));
  const redis = options.redis ? await startRedis() : null;
  const ends: (() => unknown)[] = [];
  const defer = (end: () => unknown) => void ends.push(end);
  const { environment = {} } = options;
  const through = (url: string, service: 'api' | 'token') =>
    options.proxied === service || options.proxied === 'both' ? withPort(url, proxy.port) : url;
  const upstream = {
    SPOTIFY_API_URL: through(sandbox.apiUrl, 'api'),
    SPOTIFY_TOKEN_URL: through(sandbox.tokenUrl, 'token'),
    SPOTIFY_CLIENT_ID: sandbox.clientId,
    SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
    // Most cases count calls: they shall not depend on what has been found out about the app.
    SPOTIFY_QUOTA_MODE: options.sandbox?.quotaMode ?? 'development',
    ...(redis && { REDIS_URL: redis.url }),
    ...(typeof environment === 'function' ? await environment({ sandbox, defer }) : environment),
  };
  const lines: string[] = [];
  const log = pino({ level: 'trace', base: null }, { write: (line: string) => void lines.push(line) });
  const gateways: Gateway[] = [];
  const allowed = new Set(
    [upstream.SPOTIFY_API_URL, upstream.SPOTIFY_TOKEN_URL, sandbox.apiUrl, redis?.url].flatMap((url) =>
      url === undefined ? [] : [hostOf(url)],
    ),
  );

  const create = (own: Environment = {}): Gateway => {
    const config = readConfig({ ...upstream, ...own });
    allowed.add(hostOf(config.gateway.spotify.apiUrl));
    allowed.add(hostOf(config.gateway.spotify.tokenUrl));
    return createGateway(config.gateway, log);
  };
  for (let i = 0; i < (options.gateways ?? 1); i++) gateways.push(create());

  const gatewayAt = (place = 0): Gateway => {
    const gateway = gateways[place];
    if (!gateway) throw new Error(`there is no gateway ${place}`);
    return gateway;
  };

  return {
    sandbox,
    defer,
    proxy,
    redisUrl: redis?.url ?? null,
    allowed,
    network,
    gateway: gatewayAt,
    ask: (operation, { gateway, signal } = {}) => ask(gatewayAt(gateway), operation, signal),
    async ready(gateway) {
      const response = await gatewayAt(gateway).handler.fetch('http://gateway.test/ready');
      await response.text();
      return response.status;
    },
    async metrics() {
      const responses = await Promise.all(
        gateways.map(({ handler }) => handler.fetch('http://gateway.test/metrics')),
      );
      return (await Promise.all(responses.map((response) => response.text()))).join('\n');
    },
    fault: (rule) => sandbox.faults.add(rule),
    trouble: (trouble) => proxy.set(trouble),
    async lift() {
      sandbox.faults.clear();
      await proxy.set({ kind: 'none' });
    },
    calls: (kind) => sandbox.calls().filter((call) => call.kind === kind),
    add: (own) => void gateways.push(create(own)),
    async restart(place = 0) {
      await gatewayAt(place).dispose();
      gateways[place] = create();
    },
    log: () => lines,
    secrets: () => [
      clientSecret,
      Buffer.from(`${clientId}:${clientSecret}`).toString('base64'),
      ...new Set(sandbox.calls().flatMap(({ headers }) => bearerOf(headers))),
    ],
    async disposeGateways() {
      await Promise.all(gateways.splice(0).map((gateway) => gateway.dispose()));
    },
    async close() {
      for (const end of ends) await end();
      await proxy.close();
      await sandbox.close();
      await redis?.stop();
    },
  };
}

/** Asks a gateway as a client does that wants to know what it cost. */
export async function ask(
  { handler }: Gateway,
  operation: Operation,
  signal?: AbortSignal,
): Promise<Outcome> {
  const { query, variables } = operation;
  const startedMs = stopwatchMs();
  const response = await handler.fetch('http://gateway.test/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      'x-spotify-trace': '1',
    },
    body: JSON.stringify({ query, variables }),
    ...(signal && { signal }),
  });
  return toOutcome(operation, response.status, response.headers, await response.text(), startedMs);
}

/** @param text JSON, as every answer to an operation is */
export function toOutcome(
  operation: Operation,
  status: number,
  headers: Headers,
  text: string,
  startedMs: number,
): Outcome {
  const ms = stopwatchMs() - startedMs;
  const { data, errors = [], extensions = {} } = JSON.parse(text) as Partial<Outcome>;
  return { operation, status, headers, text, data, errors, extensions, ms };
}

const bearerOf = ({ authorization = '' }: Record<string, string>): string[] => {
  const [, token] = /^Bearer (.+)$/.exec(authorization) ?? [];
  return token === undefined ? [] : [token];
};

/** As connections and requests name it: host and port. */
export function hostOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function withPort(url: string, port: number): string {
  const moved = new URL(url);
  moved.port = `${port}`;
  return moved.href;
}
