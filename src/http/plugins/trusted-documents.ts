import { readFileSync } from 'node:fs';
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { BadRequest } from '../../errors.ts';
import { toGraphQLError } from '../../operation/mask.ts';

/** The manifest that codegen writes: the text of each document by its hash. */
export type Manifest = ReadonlyMap<string, string>;

/** @throws Error when the file cannot be read, or is no object of strings */
export function readManifest(path: string): Manifest {
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest))
    throw new Error('no object');
  const documents = Object.entries(manifest);
  if (!documents.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
    throw new Error('not all documents are strings');
  }
  return new Map(documents);
}

/** Executes the documents of the manifest, named by their hashes, and nothing else. */
export function useTrustedDocuments(manifest: Manifest): Plugin {
  const error = (message: string) => () => toGraphQLError(new BadRequest(message));
  return usePersistedOperations({
    allowArbitraryOperations: false,
    extractPersistedOperationId: hashOf,
    getPersistedOperation: (hash) => manifest.get(hash) ?? manifest.get(`sha256:${hash}`) ?? null,
    customErrors: {
      notFound: error('No trusted document has this hash.'),
      keyNotFound: error('Name a trusted document by its hash, as `documentId`.'),
      persistedQueryOnly: error('Only trusted documents are executed here, named by their hash.'),
    },
  });
}

/** By the parameter of GraphQL over HTTP, or in the older way of Apollo's clients. */
function hashOf(params: GraphQLParams & { documentId?: unknown }): string | null {
  const { persistedQuery } = (params.extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } };
  const hash = params.documentId ?? persistedQuery?.sha256Hash;
  return typeof hash === 'string' ? hash : null;
}

/** Where there is no manifest: a GET with a text of its own is for trying things out, not for production. */
export const useNoTextOverGet: Plugin = {
  onParams({ request, params }) {
    if (request.method !== 'GET' || !params.query) return;
    throw new BadRequest('GET is for trusted documents; send others as POST.');
  },
};
