import { BadRequest, PersistedQueryNotFound, PersistedQueryNotSupported } from '../errors.ts';

/** The text of each document by its hash. */
export type Manifest = ReadonlyMap<string, string>;

/**
 * Reads the manifest of codegen and of the Relay compiler (an object hash → document), or that of Apollo's tool
 * `generate-persisted-query-manifest` (a list of operations).
 * @throws Error if the file cannot be read, or has another form
 */
export function readManifest(path: string): Manifest {
  const { readFileSync } = process.getBuiltinModule('node:fs'); // loaded here, because some hosts have no files
  const text = new TextDecoder().decode(readFileSync(path)); // without a byte order mark
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest))
    throw new Error('no object');
  const documents: unknown[][] = 'format' in manifest ? operationsOf(manifest) : Object.entries(manifest);
  if (!documents.every((entry): entry is [string, string] => entry.every((text) => typeof text === 'string')))
    throw new Error('not all documents are strings');
  return new Map(documents);
}

/** The ids and documents of Apollo's manifest. */
function operationsOf({ format, operations }: { format: unknown; operations?: unknown }): unknown[][] {
  if (format !== 'apollo-persisted-query-manifest' || !Array.isArray(operations))
    throw new Error('unknown format');
  return operations.map((operation: { id?: unknown; body?: unknown } | null) => [
    operation?.id,
    operation?.body,
  ]);
}

/** The parameters of a request that can name its document. */
interface DocumentParams {
  query?: unknown;
  documentId?: unknown;
  doc_id?: unknown;
  extensions?: unknown;
}

/**
 * The text of the trusted document that a request names by its hash; undefined if there is no manifest, and the request
 * has to send a text.
 * @throws PersistedQueryNotSupported if the request sends a hash alone, and there is no manifest
 * @throws PersistedQueryNotFound if the manifest does not have the hash. The links of Apollo Client and urql then send the hash
 *   again with the text. They get the same error, so that a page can tell that the manifest lacks its document
 * @throws BadRequest if there is a manifest, and the request sends a text or no hash
 */
export function trustedDocument(manifest: Manifest | null, params: DocumentParams): string | undefined {
  if (manifest === null) {
    if (!params.query && hashIn(params) !== null) throw new PersistedQueryNotSupported();
    return undefined;
  }
  const hash = hashIn(params);
  const text = hash === null ? undefined : documentOf(manifest, hash);
  if (hash !== null && text === undefined) throw new PersistedQueryNotFound();
  if (params.query) throw new BadRequest('Only trusted documents are executed here, named by their hash.');
  if (text === undefined) throw new BadRequest('Name a trusted document by its hash, as `documentId`.');
  return text;
}

const documentOf = (manifest: Manifest, hash: string): string | undefined =>
  manifest.get(hash) ?? manifest.get(withOrWithoutPrefix(hash));

/** The prefix of a hash in GraphQL over HTTP. Manifests and clients write it or leave it out. */
const prefix = 'sha256:';

const withOrWithoutPrefix = (hash: string): string =>
  hash.startsWith(prefix) ? hash.slice(prefix.length) : `${prefix}${hash}`;

/** In the parameter of GraphQL over HTTP, in that of Relay's clients, or in the extension of Apollo's clients. */
function hashIn({ documentId, doc_id: relayId, extensions }: DocumentParams): string | null {
  const { persistedQuery } = (extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } | null };
  const hash = documentId ?? relayId ?? persistedQuery?.sha256Hash;
  return typeof hash === 'string' ? hash : null;
}
