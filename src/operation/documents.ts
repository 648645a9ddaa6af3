import { createHash } from 'node:crypto';
import { type DocumentNode, Kind, type OperationDefinitionNode, print } from 'graphql';
import { LRUCache } from 'lru-cache';
import { BadRequest } from '../errors.ts';
import { getOrCreate } from '../maps.ts';
import { startStopwatch } from '../observability/clock.ts';
import { shortName } from '../observability/log.ts';
import { createClientBudgets } from './client-budgets.ts';
import { createOperation, type Operation } from './operation.ts';
import {
  createValidate,
  InvalidRequest,
  nestingProblem,
  type ParsedDocument,
  parsePrinted,
  parseText,
  type ValidationOptions,
} from './validation.ts';

export type Documents = ReturnType<typeof createDocuments>;

export interface Document {
  /** Identifies the document in logs. */
  hash: string;
  /** @throws InvalidRequest, GatewayError if the document is invalid, or has no such operation */
  operation(name: string | null): Operation;
  /** Whether the document is invalid, or an operation of it was rejected because of its variables or its plan. */
  wasRejected: boolean;
}

const maxValidBytes = 24_000_000;
const maxRejectedBytes = 4_000_000; // a client that repeats a mistake gets the same response from memory
const bytesOfToken = 800; // with its nodes and its compiled code; a character of text takes one byte
const bytesOfRejection = 500;
const bytesOfError = 2_000;
const noClient = ''; // the client of documents that no client has sent

/**
 * The document cache: each document is parsed and validated once. The cache is bounded by estimated memory, not by
 * count: 1,000 documents of the maximum size would outgrow the rest of the heap.
 */
export function createDocuments(options: ValidationOptions) {
  const validate = createValidate(options);
  const budgets = createClientBudgets();
  const byAst = new WeakMap<DocumentNode, Document>();
  // Two caches, so that no number of invalid documents evicts a valid one.
  const valid = new LRUCache<string, Document>({ maxSize: maxValidBytes });
  const rejected = new LRUCache<string, Document>({ maxSize: maxRejectedBytes }); // by the hash of the text

  function getOrParse(text: string, clientKey: string, parse: (text: string) => ParsedDocument): Document {
    const validDocument = valid.get(text);
    if (validDocument) return validDocument;
    const hash = hashOf(text);
    const invalidDocument = rejected.get(hash);
    if (invalidDocument) return invalidDocument;
    const elapsedMs = startStopwatch();
    try {
      const { document: ast, tokens } = parse(text);
      validate(ast);
      const document = { hash: shortHash(hash), operation: operationsOf(ast, options), wasRejected: false };
      valid.set(text, document, { size: tokens * bytesOfToken + text.length });
      return document;
    } catch (error) {
      const document = rejectedDocument(error, hash);
      const errorCount = error instanceof InvalidRequest ? error.errors.length : 1;
      rejected.set(hash, document, { size: bytesOfRejection + errorCount * bytesOfError });
      budgets.charge(clientKey, elapsedMs());
      return document;
    }
  }

  return {
    /** @param clientKey the client that is charged with the time of a document that is rejected */
    fromText: (text: string, clientKey: string = noClient): Document =>
      getOrParse(text, clientKey, parseText),
    /** For callers in the same process, which may pass parsed documents. */
    fromAst(ast: DocumentNode, clientKey: string = noClient): Document {
      // A caller without TypeScript may pass something else.
      if (ast?.kind !== Kind.DOCUMENT) return rejectedDocument(new BadRequest(noDocument), hashOf(''));
      return getOrCreate(byAst, ast, () => {
        const problem = nestingProblem(ast);
        if (problem) return rejectedDocument(problem, hashOf(''));
        // Printed and parsed again: stitching gateways make a new tree for each request, and its positions may be of another
        // text.
        return getOrParse(print(ast), clientKey, parsePrinted);
      });
    },
    /** Charges the client for a valid document whose operation was rejected, because of its variables or its plan. */
    chargeRejection(document: Document, clientKey: string, milliseconds: number): void {
      document.wasRejected = true;
      budgets.charge(clientKey, milliseconds);
    },
    /**
     * Whether the document may be parsed for the client: the client has time left for requests that are rejected, or the
     * document is cached and its plan was never rejected.
     */
    hasParseBudget(text: string, clientKey: string): boolean {
      if (budgets.hasTime(clientKey)) return true;
      const cachedDocument = valid.get(text);
      return cachedDocument ? !cachedDocument.wasRejected : rejected.has(hashOf(text));
    },
  };
}

const noDocument =
  'The operation has no "document": pass a GraphQL document, such as `parse` of graphql returns.';

/** Finds the operations of a valid document by their names; each is prepared once. */
function operationsOf(
  document: DocumentNode,
  { schema, suggestions }: ValidationOptions,
): Document['operation'] {
  const definitions = document.definitions.filter(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  const operations = new Map<OperationDefinitionNode, Operation>();

  return (name) => {
    const hasName = name !== null && name !== '';
    const candidates = definitions.filter((candidate) => !hasName || candidate.name?.value === name);
    const [definition] = candidates;
    if (hasName && !definition)
      throw new BadRequest(`The document has no operation ${JSON.stringify(shortName(name))}.`);
    if (!definition || candidates.length > 1)
      throw new BadRequest('The document has several operations: name one as "operationName".');
    return getOrCreate(operations, definition, () =>
      createOperation({ schema, document, definition, suggestions }),
    );
  };
}

function rejectedDocument(error: unknown, hash: string): Document {
  for (const part of error instanceof InvalidRequest ? [error, ...error.errors] : [error]) formatStack(part);
  return {
    hash: shortHash(hash),
    operation() {
      throw error;
    },
    wasRejected: true,
  };
}

/** Makes V8 format the stack of an error: an unformatted stack references its functions, and through them the document. */
function formatStack(error: unknown): void {
  if (error instanceof Error) void error.stack;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** Enough characters to identify a document in a log. */
const shortHash = (hash: string): string => hash.slice(0, 16);
