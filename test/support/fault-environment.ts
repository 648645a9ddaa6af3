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
import { retryWhileShed } from './clock.ts';
import { type Channel, openChannels } from './fault-channels.ts';
import { catalogue, type Operation } from './fault-operations.ts';
import { execute, get, type Outcome, type TextResponse, textOf } from './fault-responses.ts';
import { longPauseMs, measureMachineLoad } from './machine-load.ts';
import { type Watched, watchNetwork } from './network-watch.ts';
import { type Environment, type Server, startServer, upstreamOf } from './process.ts';
import { type RedisProcess, startRedisProcess } from './redis.ts';
import { startTcpProxy, type TcpProxy, type Trouble } from './tcp-proxy.ts';

/** The environment of a fault case: a sandbox with faults, a TCP proxy in front of it, and the gateways. */

export interface TestEnvironmentOptions {
  /** Environment variables of the gateways, in addition to the URLs and credentials of the sandbox. */
  environment?: Environment | ((services: Services) => Promise<Environment>);
  sandbox?: SandboxOptions;
  /** Which of Spotify's two services the gateways reach through the TCP proxy. */
  proxied?: 'api' | 'token' | 'both';
  redis?: boolean;
  /** The number of gateways; default 1. */
  gateways?: number;
}

/** The services that an environment may refer to. */
export interface Services {
  sandbox: Sandbox;
  /** Starts another Redis, which ends with the case. */
  startRedis(): Promise<string>;
  /** Calls back when the case is over. */
  defer(end: () => unknown): void;
}

export interface TestEnvironment extends Services {
  proxy: TcpProxy;
  redisUrl: string | null;
  /** Hosts that the gateways may call. */
  allowed: Set<string>;
  network: Watched;
  /** Sends an operation, again where a busy machine made the gateway reject it as OVERLOADED. */
  execute(operation: Operation, options?: ExecuteOptions): Promise<Outcome>;
  /** Measures the load of the machine from now on. */
  measureLoad(): void;
  /** How many times longer everything has taken since `measureLoad` than on an idle machine. */
  machineLoad(): number;
  /** Converts an upper bound for an idle machine into one for this machine, with one long pause. */
  limitMs(ms: number): number;
  /** A gateway, for requests that `execute` cannot send; default: the first. */
  gateway(index?: number): Gateway;
  /** Status of `/ready`. */
  ready(gateway?: number): Promise<number>;
  /** `/metrics` of all gateways. */
  metrics(): Promise<string>;
  /** Adds a fault; without `on` it applies to every call of the Web API. */
  fault(rule: FaultRule): () => void;
  trouble(trouble: Trouble): Promise<void>;
  /** Ends all faults and trouble. */
  lift(): Promise<void>;
  calls(kind: SandboxCall['kind']): SandboxCall[];
  /** Adds a gateway after the existing ones. */
  add(environment?: Environment): void;
  /** Replaces a gateway by a new one. */
  restart(gateway?: number): Promise<void>;
  /** Registers a gateway in its own process. Responses to the returned one are recorded. */
  adopt(server: Server): Server;
  /** Ends all gateways, adopted ones too. */
  endGateways(): Promise<void>;
  /** The log lines of all gateways. */
  log(): string[];
  /** Configured secrets and tokens, which no output may contain. */
  secrets(): string[];
  /** Records output that the functions of this object do not record themselves. */
  hear(channel: Channel, text: string): void;
  /** Records a response, and returns it. */
  overhear<T extends TextResponse>(response: T): T;
  /** All output of the gateways, and the contents of their Redis. */
  heard(): Promise<Map<Channel, string>>;
  close(): Promise<void>;
}

interface ExecuteOptions {
  /** The index of the gateway; default: the first. */
  gateway?: number;
  signal?: AbortSignal;
}

const clientId = 'canary-client';
const clientSecret = 'canary-secret-5d0c7b1e';
const maxAttempts = 20; // for an operation on a busy machine

export async function startTestEnvironment(options: TestEnvironmentOptions = {}): Promise<TestEnvironment> {
  const network = watchNetwork().since();
  const channels = openChannels();
  const { hear } = channels;
  let machineLoad = measureMachineLoad();
  const sandbox = await startSandbox({ catalogue, clientId, clientSecret, ...options.sandbox });
  const proxy = await startTcpProxy(Number(new URL(sandbox.apiUrl).port));
  const allowed = new Set([hostOf(sandbox.apiUrl)]);
  const redises: RedisProcess[] = [];
  const startOneRedis = async (): Promise<string> => {
    const redis = await startRedisProcess();
    redises.push(redis);
    allowed.add(hostOf(redis.url));
    return redis.url;
  };
  const redisUrl = options.redis ? await startOneRedis() : null;
  const ends: (() => unknown)[] = [];
  const services: Services = { sandbox, startRedis: startOneRedis, defer: (end) => void ends.push(end) };
  const { environment = {} } = options;
  const through = (url: string, service: 'api' | 'token') =>
    options.proxied === service || options.proxied === 'both' ? withPort(url, proxy.port) : url;
  const upstream = {
    SPOTIFY_API_URL: through(sandbox.apiUrl, 'api'),
    SPOTIFY_TOKEN_URL: through(sandbox.tokenUrl, 'token'),
    SPOTIFY_CLIENT_ID: sandbox.clientId,
    SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
    // Most cases count calls, whose number must not depend on learned capabilities.
    SPOTIFY_QUOTA_MODE: options.sandbox?.quotaMode ?? 'development',
    ...(redisUrl && { REDIS_URL: redisUrl }),
    ...(typeof environment === 'function' ? await environment(services) : environment),
  };
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
    hear('log', line);
  };
  const log = pino({ level: 'trace', base: null }, { write });
  const gateways: Gateway[] = [];
  const processes: Server[] = [];
  const appSecrets = new Set<string>();

  const create = (additional: Environment = {}): Gateway => {
    const config = readConfig({ DATA_DIR: 'none', ...upstream, ...additional });
    allowed.add(hostOf(config.gateway.spotify.apiUrl));
    allowed.add(hostOf(config.gateway.spotify.tokenUrl));
    appSecrets.add(config.gateway.spotify.clientSecret);
    return createGateway(config.gateway, log);
  };
  for (let i = 0; i < (options.gateways ?? 1); i++) gateways.push(create());

  const gatewayAt = (index = 0): Gateway => {
    const gateway = gateways[index];
    if (!gateway) throw new Error(`there is no gateway ${index}`);
    return gateway;
  };

  const overhear = <T extends TextResponse>(response: T): T => {
    hear('responses', textOf(response));
    return response;
  };
  const metricsOf = async (gateway: Gateway): Promise<string> => {
    const response = await get(gateway, '/metrics');
    hear('metrics', textOf(response));
    return response.text;
  };
  const end = (gateway: Gateway) => metricsOf(gateway).finally(gateway.dispose);
  const endProcess = async (server: Server) => {
    server.signal('SIGKILL');
    const { out, err } = await server.ended;
    hear('stdout', out);
    hear('stderr', err);
  };

  return {
    ...services,
    proxy,
    redisUrl,
    allowed,
    network,
    gateway: gatewayAt,
    execute: (operation, { gateway, signal } = {}) =>
      retryWhileShed(async () => overhear(await execute(gatewayAt(gateway), operation, signal)), maxAttempts),
    measureLoad() {
      machineLoad = measureMachineLoad();
    },
    machineLoad: () => machineLoad(),
    limitMs: (ms) => ms * machineLoad() + longPauseMs,
    ready: async (gateway) => overhear(await get(gatewayAt(gateway), '/ready')).status,
    metrics: async () => (await Promise.all(gateways.map(metricsOf))).join('\n'),
    fault: (rule) => sandbox.faults.add(rule),
    trouble: (trouble) => proxy.set(trouble),
    async lift() {
      sandbox.faults.clear();
      await proxy.set({ kind: 'none' });
    },
    calls: (kind) => sandbox.calls().filter((call) => call.kind === kind),
    add: (additional) => void gateways.push(create(additional)),
    async restart(index = 0) {
      await end(gatewayAt(index));
      gateways[index] = create();
    },
    adopt(server) {
      processes.push(server);
      allowed.add(`127.0.0.1:${server.port}`);
      return {
        ...server,
        get: async (...request) => overhear(await server.get(...request)),
        execute: async (...request) => overhear(await server.execute(...request)),
      };
    },
    async endGateways() {
      await Promise.all([...gateways.splice(0).map(end), ...processes.splice(0).map(endProcess)]);
    },
    log: () => lines,
    secrets: () =>
      [
        ...appSecrets,
        ...new Set([
          ...network.requests().map(({ credentials }) => credentials),
          ...sandbox.calls().map(({ headers }) => credentialsIn(headers)), // tokens of gateways in other processes too
        ]),
      ].filter((secret) => secret !== ''),
    hear,
    overhear,
    async heard() {
      for (const redis of redises) hear('Redis', await redis.contents());
      return channels.heard();
    },
    async close() {
      channels.close();
      for (const end of ends) await end();
      await proxy.close();
      await sandbox.close();
      for (const redis of redises) await redis.kill();
    },
  };
}

const credentialsIn = ({ authorization = '' }: Record<string, string>): string =>
  authorization.replace(/^\w+ +/, '');

/** Host and port of a URL, as in `network.connections()`. */
export function hostOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function withPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = `${port}`;
  return changed.href;
}

/** Starts a gateway in its own process, in front of the case's sandbox. It ends with the case's other gateways. */
export const startProcess = async (
  testEnvironment: TestEnvironment,
  environment: Environment = {},
): Promise<Server> =>
  testEnvironment.adopt(
    await startServer(
      { ...upstreamOf(testEnvironment.sandbox), ...environment },
      undefined,
      testEnvironment.defer,
    ),
  );
