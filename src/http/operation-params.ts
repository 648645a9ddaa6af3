import type { GraphQLParams } from 'graphql-yoga';
import { BadRequest } from '../errors.ts';
import { isObject } from '../json.ts';
import { type Manifest, trustedDocument } from '../operation/trusted-documents.ts';

/** The parameters of a GraphQL request over HTTP, before they are checked. */
export type SentParams = GraphQLParams & { [name in DocumentParam]?: unknown };

/** The parameters with the hash of a trusted document: that of GraphQL over HTTP, and that of Relay's clients. */
export const documentParams = ['documentId', 'doc_id'] as const;
type DocumentParam = (typeof documentParams)[number];

/** The parameters of an operation whose document is known. */
export type OperationParams = Pick<GraphQLParams, 'operationName' | 'variables'> & { query: string };

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

export const invalidBody = (): BadRequest =>
  new BadRequest(
    'The body is not a JSON object: send JSON such as {"query": "{ __typename }"} with the header Content-Type: application/json.',
  );
