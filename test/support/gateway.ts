import { setTimeout } from 'node:timers/promises';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type GraphQLFormattedError, print } from 'graphql';
import { readConfig } from '../../src/config.ts';
import type { FamilyQuota, Usage } from '../../src/datasources/spotify/index.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/index.ts';
import { postTraced } from './post-json.ts';
import { type OnEnd, onTestEnd } from './test-end.ts';
import { fetchOf, type Transport } from './transports.ts';
import { startUpstream, type Upstream, upstreamOf } from './upstream.ts';

/** A gateway in this process that tests call with Web-standard requests. It has a real socket to its upstream. */

export interface GraphQLResult<T> {
  status: number;
  headers: Headers;
  data: T;
  /** Empty if the response has none. */
  errors: GraphQLFormattedError[];
  extensions: {
    spotify?: Usage & {
      plannedCalls: number;
      actualCalls: number;
      cacheHits: number;
      quota: Pick<FamilyQuota, 'family' | 'used' | 'limit' | 'remaining'>[] | null;
    };
  };
}

export interface TestGateway {
  gateway: Gateway;
  execute<T, V>(document: TypedDocumentNode<T, V> | string, variables?: V): Promise<GraphQLResult<T>>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The lines that the gateway has logged. */
  logged: LogLine[];
}

interface LogLine {
  level: 'info' | 'warn' | 'error';
  fields: object;
  message: string;
}

/** Starts a sandbox and a gateway in front of it; both stop with the test, unless `onEnd` ends them later. */
export async function withSandbox(
  environment: Record<string, string> = {},
  { transport, onEnd, ...options }: SandboxOptions & { transport?: Transport; onEnd?: OnEnd } = {},
): Promise<TestGateway & { sandbox: Sandbox; apiCalls(): string[] }> {
  const sandbox = await startUpstream(options, onEnd);
  return {
    ...startGateway(sandbox, environment, transport, onEnd),
    sandbox,
    apiCalls: () => apiCalls(sandbox),
  };
}

/** The paths of the calls of the Web API that the sandbox has received. */
export const apiCalls = (sandbox: Pick<Sandbox, 'calls'>): string[] =>
  sandbox
    .calls()
    .filter(({ kind }) => kind === 'api')
    .map(({ path }) => path);

/** The codes of the errors of a response. */
export const codesOf = ({ errors }: { errors: readonly GraphQLFormattedError[] }) =>
  errors.map(({ extensions }) => extensions?.['code']);

/** @param environment environment variables that configure the gateway */
export function startGateway(
  upstream: Upstream,
  environment: Record<string, string> = {},
  transport: Transport = 'undici',
  onEnd: OnEnd = onTestEnd,
): TestGateway {
  const config = readConfig({ ...upstreamOf(upstream), DATA_DIR: 'none', ...environment });
  const logged: LogLine[] = [];
  const logAs = (level: LogLine['level']) => (fields: object, message: string) => {
    logged.push({ level, fields, message });
  };
  const spotify = { ...config.gateway.spotify, ...fetchOf(transport) };
  const log = { info: logAs('info'), warn: logAs('warn'), error: logAs('error') };
  const gateway = createGateway({ ...config.gateway, spotify }, log);
  onEnd(gateway.dispose);

  const fetch = async (path: string, init?: RequestInit): Promise<Response> =>
    gateway.handler.fetch(`http://gateway.test${path}`, init ?? {});

  return {
    gateway,
    logged,
    fetch,
    async execute<T, V>(document: TypedDocumentNode<T, V> | string, variables?: V) {
      const query = typeof document === 'string' ? document : print(document);
      const post = () => fetch('/graphql', postTraced({ query, variables }));
      let response = await post();
      // The upstream runs in this process: while it blocks the event loop, the gateway rejects operations.
      for (let attempt = 0; attempt < 10 && response.status === 503; attempt++) {
        await setTimeout(50);
        response = await post();
      }
      const body = (await response.json()) as Partial<GraphQLResult<T>>;
      return {
        status: response.status,
        headers: response.headers,
        data: body.data as T,
        errors: body.errors ?? [],
        extensions: body.extensions ?? {},
      };
    },
  };
}
