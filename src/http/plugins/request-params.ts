import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { BadRequest } from '../../errors.ts';
import { isObject, parseJson } from '../../json.ts';
import type { Manifest } from '../../operation/trusted-documents.ts';
import {
  documentParams,
  invalidBody,
  type SentParams,
  withDocument,
  withoutUnknown,
} from '../operation-params.ts';

/**
 * Removes unknown parameters, for which yoga would reject the request. Checks `operationName` itself, because the message of
 * yoga does not name the expected type.
 */
export const useKnownParams: Plugin = {
  onParams({ params, setParams }) {
    if (typeof (params['operationName'] ?? '') !== 'string')
      throw new BadRequest('The "operationName" of a request must be a string.');
    setParams(withoutUnknown(params));
  },
};

/**
 * With a manifest, executes its documents, named by their hashes, and nothing else. Without one, rejects a request that has a
 * hash and no text.
 */
export const useTrustedDocuments = (manifest: Manifest | null): Plugin => ({
  onParams({ params, setParams }) {
    setParams(withDocument(manifest, params));
  },
});

/** Without a manifest, rejects a request without a document. The message of yoga would not name the missing parameter. */
export const useDocumentRequired: Plugin = {
  onParams({ params }) {
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
    throw new BadRequest(
      'GET is for trusted documents; send others as POST. urql needs `preferGetMethod: false`, and its `persistedExchange` needs `preferGetForPersistedQueries: false`.',
    );
  },
};

/**
 * Reads the parameters of an operation from a query string or a body. Yoga's own readers treat invalid
 * JSON in a query string as a bug, and their messages do not describe a valid body.
 */
export const useParams: Plugin = {
  onRequestParse({ request: { method }, setRequestParser }) {
    if (method !== 'GET' && method !== 'POST') return;
    setRequestParser((request) =>
      method === 'GET' ? readParams(new URL(request.url).searchParams) : readBody(request),
    );
  },
};

/** @throws BadRequest for a body that is no JSON, or no object, such as a batch; the error of yoga for one that is too large */
async function readBody(request: Request): Promise<GraphQLParams> {
  const text = await request.text().catch((error: unknown) => {
    throw error instanceof GraphQLError ? error : invalidBody();
  });
  const params = parseJson(text);
  if (Array.isArray(params))
    throw new BadRequest('A batch of operations is not supported: send one operation in a request.');
  if (typeof params !== 'object' || params === null) throw invalidBody();
  return params;
}

const textParams = ['query', 'operationName', ...documentParams] as const;
const jsonParams = ['variables', 'extensions'] as const;

/**
 * @returns only the parameters that the query string has
 * @throws BadRequest for a parameter that is repeated, no JSON, or no object
 */
function readParams(sent: URLSearchParams): SentParams {
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
  const value = parseJson(text);
  if (value === undefined) throw new BadRequest(`"${name}" in the query string must be JSON.`);
  if (value === null) return {};
  if (isObject(value)) return value;
  throw new BadRequest(`"${name}" in the query string must be a JSON object.`);
}
