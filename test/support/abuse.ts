import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rejectInvalidTarget } from '../../src/http/request-target.ts';
import { serverOptions } from '../../src/process/connections.ts';
import { stopwatchMs } from './clock.ts';
import { type Outcome, toOutcome } from './fault-answers.ts';
import type { Step } from './fault-case.ts';
import { tapStream } from './fault-channels.ts';
import type { Operation } from './fault-operations.ts';
import type { World } from './fault-world.ts';

/** Asks as no client of good will does: documents that are made to cost, and requests that are none. */

/** @param truth the `data` of its answer, where there is to be any */
export const operation = (
  query: string,
  variables: Operation['variables'] = {},
  truth: unknown = {},
): Operation => ({ kind: 'artist', query, variables, truth });

/** So many times the text, each with its number in place of `#`. */
export const repeated = (text: string, times: number): string =>
  Array.from({ length: times }, (_, i) => text.replaceAll('#', `${i}`)).join(' ');

/** Fields in one another, so many levels of them. */
export const nested = (field: string, levels: number): string =>
  `${`{${field}`.repeat(levels)}${'}'.repeat(levels)}`;

const json = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };

/** Sends a request that need not be an operation; its answer must be GraphQL's all the same. */
export async function send(world: World, init: RequestInit = {}, path = '/graphql'): Promise<Outcome> {
  const startedMs = stopwatchMs();
  const request = { method: 'POST', ...init, headers: { ...json, ...init.headers } };
  const response = await world.gateway().handler.fetch(`http://gateway.test${path}`, request);
  const text = await response.text();
  return world.overhear(toOutcome(operation(''), response.status, response.headers, text, startedMs));
}

/** Each as a step of its own, refused whole before anything is asked. */
export const refusals = (
  operations: readonly Operation[],
  client: NonNullable<Step['client']>,
  more: Partial<Step> = {},
): Step[] => operations.map((ask) => ({ ask, client, api: 0, token: 0, withinMs: 100, ...more }));

/** A world's gateway on a real socket, by default with the time limits of a process; it closes with the case. */
export async function listen(
  world: World,
  limits: ServerOptions = serverOptions,
): Promise<{ port: number; server: Server }> {
  const server = createServer(limits, rejectInvalidTarget(world.gateway().handler)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.on('connection', (socket) => tapStream(socket, (text) => world.hear('answers', text)));
  world.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  world.allowed.add(`127.0.0.1:${port}`);
  return { port, server };
}
