import type { ExecutionResult, GraphQLError } from 'graphql';
import { formatted } from '../operation/answer-errors.ts';

/** The result of an operation as an HTTP response, for the path that does not go through yoga. */

export const graphqlJson = 'application/graphql-response+json';
export const plainJson = 'application/json';
export type MediaType = typeof graphqlJson | typeof plainJson;

/** A response, ready to be written. */
export interface SerializedResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** What an error asks of the response that carries it. */
interface HttpOfError {
  status?: number;
  headers?: Record<string, string>;
  /** The status is for clients that accept `application/graphql-response+json` only. */
  spec?: boolean;
}

export function serialize(result: ExecutionResult, type: MediaType): SerializedResponse {
  const { errors, data, extensions } = result;
  const { status, headers } = httpOf(errors ?? [], type);
  const body = Buffer.from(JSON.stringify({ errors: errors?.map(withoutHttp), data, extensions }));
  return {
    status,
    headers: { 'Content-Length': `${body.byteLength}`, 'Content-Type': `${type}; charset=utf-8`, ...headers },
    body,
  };
}

/** The highest status that an error asks for, and the headers of all of them. */
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

function withoutHttp(error: GraphQLError): object {
  const { extensions: { http, ...extensions } = {}, ...rest } = formatted(error);
  return Object.keys(extensions).length > 0 ? { ...rest, extensions } : rest;
}
