import type { ServerResponse } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { GatewayError } from '../errors.ts';
import { formatted } from '../operation/response-errors.ts';
import { cacheHeaders, type Reuse } from './cache-headers.ts';
import { type MediaType, plainJson } from './media-types.ts';
import { requestIdHeader } from './request-id.ts';

/** The result of an operation as an HTTP response. */

/** A response, ready to be written. */
export interface SerializedResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** The status and headers that an error requires of its response. */
interface HttpOfError {
  status?: number;
  headers?: Record<string, string>;
  /** The status is for clients that accept `application/graphql-response+json` only. */
  spec?: boolean;
}

/** The body of a response, in every media type. */
export const stringifyResult = ({ errors, data, extensions }: ExecutionResult): string =>
  JSON.stringify({ errors: errors?.map(formatted), data, extensions });

/** The body of the response to a request that is rejected before it becomes an operation. */
export const errorBody = ({ message, code, details }: GatewayError): string =>
  JSON.stringify({ errors: [{ message, extensions: { code, ...details } }] });

/** A response without errors. @param reuse null if it must not be reused */
export const okResponse = (body: Buffer, type: MediaType, reuse: Reuse | null): SerializedResponse => ({
  status: 200,
  headers: {
    'Content-Length': `${body.byteLength}`,
    'Content-Type': `${type}; charset=utf-8`,
    ...cacheHeaders(reuse),
  },
  body,
});

/** @param body that of the result, if it is known */
export function serialize(
  result: ExecutionResult,
  type: MediaType,
  body: Buffer = Buffer.from(stringifyResult(result)),
  reuse: Reuse | null = null,
): SerializedResponse {
  const { status, headers } = httpOf(result.errors ?? [], type);
  const response = okResponse(body, type, reuse);
  return { ...response, status, headers: { ...response.headers, ...headers } };
}

const largeBytes = 16_384; // the smallest high-water mark of a response: 16 KiB in Node 20, 64 KiB from Node 22

/** Writes a response to the socket. */
export function writeResponse(
  response: ServerResponse,
  { status, headers, body }: SerializedResponse,
  requestId: string,
): void {
  response.writeHead(status, { ...headers, [requestIdHeader]: requestId });
  // A response that has not been ended is not idle, so an ending process waits until all of it is delivered.
  if (body.byteLength < largeBytes || response.write(body)) {
    response.end(body.byteLength < largeBytes ? body : undefined);
  } else {
    response.once('drain', () => response.end());
  }
}

/** The highest status in the extensions of the errors, and the headers in all of them. */
function httpOf(errors: readonly GraphQLError[], type: MediaType): { status: number; headers: object } {
  const headers: Record<string, string> = {};
  let status = 0;
  for (const { extensions } of errors) {
    const http = extensions['http'] as HttpOfError | undefined;
    Object.assign(headers, http?.headers);
    if (http?.spec && type === plainJson) continue;
    status = Math.max(status, http?.status ?? 0);
  }
  return { status: status || 200, headers };
}
