import type { Plugin } from 'graphql-yoga';
import { BadRequest } from '../../errors.ts';
import type { Manifest } from '../../operation/trusted-documents.ts';
import { isObject, type SentParams, withDocument, withoutUnknown } from '../request.ts';

/** Ignores the properties of a request that GraphQL over HTTP does not know; yoga would reject the request. */
export const useKnownParams: Plugin = {
  onParams({ params, setParams }) {
    if (isObject(params)) setParams(withoutUnknown(params));
  },
};

/** With a manifest, executes its documents, named by their hashes, and nothing else. Without one, rejects a request
 * that has a hash and no text. */
export const useTrustedDocuments = (manifest: Manifest | null): Plugin => ({
  onParams({ params, setParams }) {
    if (manifest || isObject(params)) setParams(withDocument(manifest, params));
  },
});

/** Without a manifest, says what a request without a document has to send; the message of yoga does not. */
export const useDocumentRequired: Plugin = {
  onParams({ params }) {
    if (!isObject(params)) return;
    const { query = '' } = params;
    if (query === '' || query === null) throw new BadRequest(documentMissing);
  },
};

const documentMissing =
  'The request has no "query": send JSON such as {"query": "{ __typename }"} with POST and the header Content-Type: application/json.';

/** Without a manifest, a GET with the text of a document is for trying things out, not for production. */
export const useNoTextOverGet: Plugin = {
  onParams({ request, params }) {
    if (request.method !== 'GET' || !params.query) return;
    throw new BadRequest('GET is for trusted documents; send others as POST.');
  },
};

/**
 * Reads an operation from a query string. Yoga's own reader throws a SyntaxError for a value that is no JSON, which is
 * then answered like a bug.
 */
export const useGetParams: Plugin = {
  onRequestParse({ request, setRequestParser }) {
    if (request.method === 'GET') setRequestParser(({ url }) => readParams(new URL(url).searchParams));
  },
};

const textParams = ['query', 'operationName', 'documentId'] as const;
const jsonParams = ['variables', 'extensions'] as const;

/**
 * @returns only the parameters that the query string has
 * @throws BadRequest for a parameter that is repeated, no JSON, or no object
 */
export function readParams(sent: URLSearchParams): SentParams {
  const params: SentParams = {};
  for (const name of textParams) {
    const text = onlyValue(sent, name);
    if (text) params[name] = text;
  }
  for (const name of jsonParams) {
    const text = onlyValue(sent, name);
    if (text) params[name] = objectFrom(text, name);
  }
  return params;
}

function onlyValue(sent: URLSearchParams, name: string): string | undefined {
  const values = sent.getAll(name);
  if (values.length > 1) throw new BadRequest(`The query string must have "${name}" once only.`);
  return values[0];
}

function objectFrom(text: string, name: string): Record<string, unknown> {
  const value = parseJson(text, name);
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new BadRequest(`"${name}" in the query string must be a JSON object.`);
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest(`"${name}" in the query string must be JSON.`);
  }
}
