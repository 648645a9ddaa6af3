import type { IncomingHttpHeaders } from 'node:http';
import type { Gateway } from '../../src/gateway.ts';
import { stopwatchMs } from './clock.ts';
import type { Operation } from './fault-operations.ts';

/** What a gateway is asked, and what it answers. */

export interface Answer {
  headers: Headers | IncomingHttpHeaders;
  text: string;
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

export async function get({ handler }: Gateway, path: string) {
  const response = await handler.fetch(`http://gateway.test${path}`);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Headers and body. */
export const textOf = ({ headers, text }: Answer): string =>
  `${JSON.stringify(Symbol.iterator in headers ? [...headers] : headers)}\n${text}\n`;
