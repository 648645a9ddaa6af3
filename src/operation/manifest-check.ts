import { setImmediate as endOfIteration } from 'node:timers/promises';
import { Kind, parse } from 'graphql';
import { createDocuments, type Document } from './documents.ts';
import type { Manifest } from './trusted-documents.ts';
import type { ValidationOptions } from './validation.ts';

export interface ManifestCheckOptions extends Pick<ValidationOptions, 'schema' | 'introspection'> {
  /** Null if requests send their documents as text. */
  trustedDocuments: Manifest | null;
}

/**
 * The documents with operations that are always rejected, because they do not fit the schema, exceed a static limit or are no
 * queries. Checks one document in each iteration of the event loop, so that requests are served meanwhile.
 * @returns one sentence for the operator; none if all documents can be executed
 */
export async function manifestWarnings({
  trustedDocuments,
  ...options
}: ManifestCheckOptions): Promise<string[]> {
  const documents = createDocuments({ ...options, suggestions: false });
  const rejected: { hash: string; message: string }[] = [];
  for (const [hash, text] of trustedDocuments ?? []) {
    const message = problemOf(documents.fromText(text), text);
    if (message !== null) rejected.push({ hash, message });
    await endOfIteration();
  }
  const [first] = rejected;
  if (!first) return [];
  return [
    `TRUSTED_DOCUMENTS has ${rejected.length} of ${trustedDocuments?.size} documents that the gateway rejects. The first one is ${JSON.stringify(first.hash)}: ${first.message}`,
  ];
}

/** Why an operation of the document is rejected; null if none is. */
function problemOf(document: Document, text: string): string | null {
  try {
    for (const name of document.wasRejected ? [null] : operationNames(text)) document.operation(name);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const operationNames = (text: string): (string | null)[] =>
  parse(text).definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value ?? null] : [],
  );
