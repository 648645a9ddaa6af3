import { setImmediate as endOfIteration } from 'node:timers/promises';
import type { GraphQLSchema } from 'graphql';
import { createDocuments } from './documents.ts';
import type { Manifest } from './trusted-documents.ts';

/** Whether the gateway executes the documents of a manifest. */

export interface ManifestCheckOptions {
  schema: GraphQLSchema;
  introspection: boolean;
  /** Null if requests send their documents as text. */
  trustedDocuments: Manifest | null;
}

/**
 * The documents that are always rejected, because they do not fit the schema or exceed a static limit. Checks one document
 * in each iteration of the event loop, so that requests are served meanwhile.
 * @returns one sentence for the operator; none if all documents are valid
 */
export async function manifestWarnings({
  trustedDocuments,
  ...options
}: ManifestCheckOptions): Promise<string[]> {
  const documents = createDocuments({ ...options, suggestions: false });
  const rejected: { hash: string; message: string }[] = [];
  for (const [hash, text] of trustedDocuments ?? []) {
    const document = documents.fromText(text);
    if (document.wasRejected) rejected.push({ hash, message: messageOf(() => document.operation(null)) });
    await endOfIteration();
  }
  const [first] = rejected;
  if (!first) return [];
  return [
    `TRUSTED_DOCUMENTS has ${rejected.length} of ${trustedDocuments?.size} documents that the gateway rejects. The first one is ${JSON.stringify(first.hash)}: ${first.message}`,
  ];
}

function messageOf(run: () => unknown): string {
  try {
    run();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
