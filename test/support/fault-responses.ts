import type { IncomingHttpHeaders } from 'node:http';
import type { Gateway } from '../../src/gateway.ts';
import { stopwatchMs } from './clock.ts';
import type { Operation } from './fault-operations.ts';
import { postTraced } from './post-json.ts';

/** Sends operations to a gateway in this process, and parses the responses. */

export interface TextResponse {
  headers: Headers | IncomingHttpHeaders;
  text: string;
}

export interface Outcome {
  operation: Operation;
  status: number;
  headers: Headers;
  /** The body. */
  text: string;
  data: unknown;
  errors: ResponseError[];
  extensions: { spotify?: Report };
  /** Milliseconds from the request to the last byte of the response. */
  ms: number;
}

export interface ResponseError {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string; retryAfter?: number };
}

/** The trace of an operation: the extension `spotify`. */
export interface Report {
  calls: Call[];
  stale: { field: string; path: (string | number)[]; reason: string }[];
  /** The windows for whose last pages the daily quota did not suffice. */
  shortened?: { path: (string | number)[] }[];
}

/** A call of Spotify, with status null if there was no response. */
export interface Call {
  method: string;
  path: string;
  status: number | null;
  origin: string;
}

/** Sends an operation with the header that requests its trace. */
export async function execute(
  { handler }: Gateway,
  operation: Operation,
  signal?: AbortSignal,
): Promise<Outcome> {
  const { query, variables } = operation;
  const startedMs = stopwatchMs();
  const init = { ...postTraced({ query, variables }), ...(signal && { signal }) };
  const response = await handler.fetch('http://gateway.test/graphql', init);
  return toOutcome(operation, response.status, response.headers, await response.text(), startedMs);
}

/** @param text JSON */
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
export const textOf = ({ headers, text }: TextResponse): string =>
  `${JSON.stringify(Symbol.iterator in headers ? [...headers] : headers)}\n${text}\n`;
