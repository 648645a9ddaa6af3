import type { GraphQLParams } from 'graphql-yoga';
import { BadRequest } from '../errors.ts';
import { type Manifest, trustedDocument } from '../operation/trusted-documents.ts';

/** The parameters of a GraphQL request over HTTP, before they are checked. */
export type SentParams = GraphQLParams & { [name in DocumentParam]?: unknown };

/** The parameters with the hash of a trusted document: that of GraphQL over HTTP, and that of Relay's clients. */
export const documentParams = ['documentId', 'doc_id'] as const;
type DocumentParam = (typeof documentParams)[number];

/** The parameters of an operation whose document is known. */
export type OperationParams = Pick<GraphQLParams, 'operationName' | 'variables'> & { query: string };

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const paramNames = new Set(['query', ...documentParams, 'operationName', 'variables', 'extensions']);

/** The parameters that the gateway knows; others are ignored. */
export const withoutUnknown = (params: SentParams): SentParams =>
  Object.fromEntries(Object.entries(params).filter(([name]) => paramNames.has(name)));

/**
 * Replaces the hash of a trusted document by its text.
 * @param manifest null if requests send their documents as text
 * @throws the errors of `trustedDocument`
 */
export function withDocument(manifest: Manifest | null, params: SentParams): SentParams {
  const query = trustedDocument(manifest, params);
  if (query === undefined) return params;
  const { documentId, doc_id, ...others } = params;
  return { ...others, query };
}

/** Whether the parameters are those of an operation; yoga reports the mistakes of others. */
export const isOperation = (params: SentParams): params is OperationParams =>
  typeof params.query === 'string' &&
  params.query !== '' &&
  typeof (params.operationName ?? '') === 'string' &&
  isObject(params.variables ?? {}) &&
  isObject(params.extensions ?? {});

/**
 * Parses the JSON of a client, which is untrusted. Undefined for text that is not JSON.
 * @param text may begin with a byte order mark, as the texts of Windows tools do
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

/** Null for data that is nested too deeply to be written: JSON.parse goes deeper than JSON.stringify. */
export function stringify(data: unknown): string | null {
  try {
    return JSON.stringify(data);
  } catch {
    return null;
  }
}

export const invalidBody = (): BadRequest =>
  new BadRequest(
    'The body is not a JSON object: send JSON such as {"query": "{ __typename }"} with the header Content-Type: application/json.',
  );
