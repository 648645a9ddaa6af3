import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  print,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { BadRequest } from '../errors.ts';
import { createClientBudgets, startProcessorTime } from './client-budgets.ts';
import { Invalid } from './invalid.ts';
import { checkSize, checkTokens } from './limits.ts';
import { errorAt, parseWithPositions } from './positions.ts';
import { createOperation, type Operation } from './prepare.ts';

/**
 * Documents, each parsed and validated once. What is remembered is bounded by what it weighs, because a thousand
 * documents that are as large as may be would be more than all else that a process holds.
 */
export interface Documents {
  /** @param clientKey the client that pays for the time of a document that is rejected */
  fromText(text: string, clientKey?: string): Document;
  /** For parents in the same process, whose documents come parsed. */
  fromAst(document: DocumentNode, clientKey?: string): Document;
  /**
   * Whether the client may send the document: it is known, and was not too complex, or the client has time left for
   * mistakes.
   */
  mayRead(text: string, clientKey: string): boolean;
  /** Charges the client for a valid document whose operation was rejected: its variables, its plan. */
  chargeRejection(document: Document, clientKey: string, milliseconds: number): void;
}

export interface Document {
  /** Tells documents apart, in logs. */
  hash: string;
  /** @throws Invalid, GatewayError where the document is none, or has no such operation */
  operation(name: string | null): Operation;
  /** Whether the plan of one of its operations was rejected: then its plan may be rejected again. */
  wasRejected: boolean;
}

export interface DocumentsOptions {
  schema: GraphQLSchema;
  introspection: boolean;
  /** Whether messages may tell the names of fields that were not asked for. */
  suggestions: boolean;
}

const maxBytes = 24_000_000;
const maxRejectionBytes = 4_000_000; // a client that repeats a mistake gets the same response from memory
const bytesOfToken = 800; // with the nodes made of it, and what is compiled; of a character of text it is one
const bytesOfRejection = 500;
const bytesOfError = 2_000;
const manyErrors = 5;
const nobody = ''; // the client of documents that no client has sent

export function createDocuments(options: DocumentsOptions): Documents {
  const { schema, introspection, suggestions } = options;
  const budgets = createClientBudgets();
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const parsedDocuments = new WeakMap<DocumentNode, Document>();
  // Apart, so that no number of mistakes drives out what is right.
  const valid = new LRUCache<string, Document>({ maxSize: maxBytes });
  const rejected = new LRUCache<string, Document>({ maxSize: maxRejectionBytes }); // by the hash of the text

  function fromText(text: string, clientKey = nobody): Document {
    return getOrRead(text, clientKey, () => {
      checkTokens(text);
      return parsedFrom(text);
    });
  }

  function fromAst(parsed: DocumentNode, clientKey = nobody): Document {
    const known = parsedDocuments.get(parsed) ?? fromPrinted(print(parsed), clientKey);
    parsedDocuments.set(parsed, known);
    return known;
  }

  /** Parsed again, as parents make a new tree for each question, with the places of another text in it or none. */
  function fromPrinted(text: string, clientKey: string): Document {
    return getOrRead(text, clientKey, () => parsedFrom(text));
  }

  function getOrRead(text: string, clientKey: string, read: () => ParsedDocument): Document {
    const known = valid.get(text);
    if (known) return known;
    const hash = hashOf(text);
    return rejected.get(hash) ?? readNew(text, hash, clientKey, read);
  }

  function readNew(text: string, hash: string, clientKey: string, read: () => ParsedDocument): Document {
    const milliseconds = startProcessorTime();
    try {
      const { document, tokens } = read();
      const checkedDocument = checked(document, hash);
      valid.set(text, checkedDocument, { size: tokens * bytesOfToken + text.length });
      return checkedDocument;
    } catch (error) {
      const rejection = rejecting(error, hash);
      const errors = error instanceof Invalid ? error.errors.length : 1;
      rejected.set(hash, rejection, { size: bytesOfRejection + errors * bytesOfError });
      budgets.charge(clientKey, milliseconds());
      return rejection;
    }
  }

  /** @throws Invalid, QueryTooComplex */
  function checked(document: DocumentNode, hash: string): Document {
    checkSize(document);
    // A guess at a name compares it with all that there are, and a hundred mistakes make a hundred guesses.
    const limits = { maxErrors: manyErrors, hideSuggestions: !suggestions };
    const errors = validate(schema, document, rules, limits);
    // One stands for many: a client that makes a hundred mistakes reads no hundred messages.
    const sent = errors.length > manyErrors ? errors.slice(0, 1) : errors;
    if (sent.length > 0) throw new Invalid(sent.map((each) => invalid(each, 'GRAPHQL_VALIDATION_FAILED')));
    return { hash: shortHash(hash), operation: operationsOf(document), wasRejected: false };
  }

  function operationsOf(document: DocumentNode): Document['operation'] {
    const definitions = document.definitions.filter(
      (each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION,
    );
    const operations = new Map<OperationDefinitionNode, Operation>();

    return (name) => {
      const isNamed = name !== null && name !== '';
      const named = definitions.filter((each) => !isNamed || each.name?.value === name);
      const [definition] = named;
      if (!definition || named.length > 1) throw noSuchOperation();
      const operation =
        operations.get(definition) ?? createOperation({ schema, document, definition, suggestions });
      operations.set(definition, operation);
      return operation;
    };
  }

  return {
    fromText,
    fromAst,
    chargeRejection(document, clientKey, milliseconds) {
      document.wasRejected = true;
      budgets.charge(clientKey, milliseconds);
    },
    mayRead(text, clientKey) {
      if (budgets.hasTime(clientKey)) return true;
      const known = valid.get(text);
      return known ? !known.wasRejected : rejected.has(hashOf(text));
    },
  };
}

function rejecting(error: unknown, hash: string): Document {
  for (const each of error instanceof Invalid ? [error, ...error.errors] : [error]) holdNoFrames(each);
  return {
    hash: shortHash(hash),
    operation() {
      throw error;
    },
    wasRejected: true,
  };
}

/** Makes text of an error's stack, which until then holds the functions of its frames and with them the document. */
function holdNoFrames(error: unknown): void {
  if (error instanceof Error) void error.stack;
}

type ParsedDocument = ReturnType<typeof parseWithPositions>;

function parsedFrom(text: string): ParsedDocument {
  try {
    return parseWithPositions(text);
  } catch (error) {
    throw error instanceof GraphQLError ? new Invalid([invalid(error, 'GRAPHQL_PARSE_FAILED')]) : error;
  }
}

const invalid = (error: GraphQLError, code: string): GraphQLError =>
  errorAt(error, error.message, { code, http: { spec: true, status: 400 } });

const noSuchOperation = () =>
  new BadRequest('The document has no operation of this name, or several and none is named.');

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** As much as tells documents apart in a log. */
const shortHash = (hash: string): string => hash.slice(0, 16);
