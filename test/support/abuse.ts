import { createServer, type Server, type ServerOptions } from 'node:http';
import { rejectInvalidTarget } from '../../src/http/request-target.ts';
import { serverOptions } from '../../src/process/connections.ts';
import { catalogue } from './catalogue.ts';
import { stopwatchMs } from './clock.ts';
import type { Step } from './fault-case.ts';
import { tapStream } from './fault-channels.ts';
import type { TestEnvironment } from './fault-environment.ts';
import type { Operation } from './fault-operations.ts';
import { type Outcome, toOutcome } from './fault-responses.ts';
import { portOf } from './test-server.ts';

/** Requests of hostile clients: expensive documents, and invalid requests. */

/** @param truth the expected `data` */
export const operation = (
  query: string,
  variables: Operation['variables'] = {},
  truth: unknown = {},
): Operation => ({ kind: 'artist', query, variables, truth });

/** Repeats the text, with the number of the repetition in place of `#`. */
export const repeated = (text: string, times: number): string =>
  Array.from({ length: times }, (_, i) => text.replaceAll('#', `${i}`)).join(' ');

/** An operation with a large response: the same page of albums so many times. */
export const largeOperation = (pages: number, fields: string): string =>
  `{ ${repeated(`a#: artist(id: "${catalogue.fixtures.artists.bts}") { ...page }`, pages)} }
  fragment page on Artist { albums(first: 100) { nodes { ${fields} } } }`;

/** A selection that nests the field so many levels deep. */
export const nested = (field: string, levels: number): string =>
  `${`{${field}`.repeat(levels)}${'}'.repeat(levels)}`;

const json = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };

/** Sends a request that need not be a valid operation. The response must be one of GraphQL all the same. */
export async function send(
  testEnvironment: TestEnvironment,
  init: RequestInit = {},
  path = '/graphql',
): Promise<Outcome> {
  const startedMs = stopwatchMs();
  const request = { method: 'POST', ...init, headers: { ...json, ...init.headers } };
  const response = await testEnvironment.gateway().handler.fetch(`http://gateway.test${path}`, request);
  const text = await response.text();
  return testEnvironment.overhear(
    toOutcome(operation(''), response.status, response.headers, text, startedMs),
  );
}

/** One step for each operation, which is rejected as a whole before any call. */
export const refusals = (
  operations: readonly Operation[],
  client: NonNullable<Step['client']>,
  more: Partial<Step> = {},
): Step[] => operations.map((execute) => ({ execute, client, api: 0, token: 0, withinMs: 100, ...more }));

/** Serves the gateway of a case on a real socket, by default with the time limits of the server. It closes with the case. */
export async function listen(
  testEnvironment: TestEnvironment,
  limits: ServerOptions = serverOptions,
): Promise<{ port: number; server: Server }> {
  const server = createServer(limits, rejectInvalidTarget(testEnvironment.gateway().handler));
  server.on('connection', (socket) => tapStream(socket, (text) => testEnvironment.hear('responses', text)));
  const port = await portOf(server, testEnvironment.defer);
  testEnvironment.allowed.add(`127.0.0.1:${port}`);
  return { port, server };
}
