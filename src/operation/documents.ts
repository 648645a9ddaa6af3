import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  print,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { BadRequest } from '../errors.ts';
import { createAllowance } from './allowance.ts';
import { Invalid } from './invalid.ts';
import { checkSize, checkTokens, tokensOf } from './limits.ts';
import { createOperation, type Operation } from './prepare.ts';

/**
 * Documents, each parsed and validated once. What is remembered is bounded by what it weighs, because a thousand
 * documents that are as large as may be would be more than all else that a process holds.
 */
export interface Documents {
  fromText(text: string): Document;
  /** For parents in the same process, whose documents come parsed. */
  fromAst(document: DocumentNode): Document;
  /** Whether it costs next to nothing to read it: it is known, or mistakes have not taken too much time of late. */
  mayRead(text: string): boolean;
}

export interface Document {
  /** Tells documents apart, in logs. */
  hash: string;
  /** @throws Invalid, GatewayError where the document is none, or has no such operation */
  operation(name: string | null): Operation;
}

export interface DocumentsOptions {
  schema: GraphQLSchema;
  introspection: boolean;
  /** Whether messages may tell the names of fields that were not asked for. */
  suggestions: boolean;
}

const maxBytes = 24_000_000;
const maxErrorBytes = 4_000_000; // whoever repeats a mistake is told the same from memory
const bytesOfToken = 1_500; // with the nodes made of it, and what is compiled; of a character of text it is one
const bytesOfError = 1_000;
const manyErrors = 5;
// Whoever sends mistakes, each a new one, gets this share of the time.
const mistakesShare = 0.05;
const mistakesBurstMs = 100; // which no person at a keyboard uses up

export function createDocuments({ schema, introspection, suggestions }: DocumentsOptions): Documents {
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const given = new WeakMap<DocumentNode, Document>();
  const time = createAllowance(mistakesShare, mistakesBurstMs);
  // Apart, so that no number of mistakes drives out what is right.
  const right = new LRUCache<string, Document>({ maxSize: maxBytes });
  const wrong = new LRUCache<string, Document>({ maxSize: maxErrorBytes });

  function fromText(text: string): Document {
    return keep(text, () => {
      checkTokens(text);
      return parsedFrom(text);
    });
  }

  function fromAst(parsed: DocumentNode): Document {
    const known = given.get(parsed) ?? fromPrinted(print(parsed));
    given.set(parsed, known);
    return known;
  }

  /** Parsed again, as parents make a new tree for each question, with the places of another text in it or none. */
  function fromPrinted(text: string): Document {
    return keep(text, () => parsedFrom(text));
  }

  function keep(text: string, parsed: () => DocumentNode): Document {
    const known = right.get(text) ?? wrong.get(text);
    if (known) return known;
    const startedMs = performance.now();
    const hash = hashOf(text);
    try {
      const document = parsed();
      const read = checked(document, hash);
      right.set(text, read, { size: tokensOf(document.loc?.startToken) * bytesOfToken + text.length });
      return read;
    } catch (error) {
      const refused = refusing(error, hash);
      wrong.set(text, refused, { size: bytesOfError + text.length });
      time.take(performance.now() - startedMs);
      return refused;
    }
  }

  /** @throws Invalid, QueryTooComplex */
  function checked(document: DocumentNode, hash: string): Document {
    checkSize(document);
    // A guess at a name compares it with all that there are, and a hundred mistakes make a hundred guesses.
    const limits = { maxErrors: manyErrors, hideSuggestions: !suggestions };
    const errors = validate(schema, document, rules, limits);
    // One stands for many: whoever sends a hundred mistakes reads no hundred messages.
    const told = errors.length > manyErrors ? errors.slice(0, 1) : errors;
    if (told.length > 0) throw new Invalid(told.map((each) => refusal(each, 'GRAPHQL_VALIDATION_FAILED')));
    return { hash, operation: operationsOf(document) };
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

  return { fromText, fromAst, mayRead: (text) => right.has(text) || wrong.has(text) || time.isLeft() };
}

const refusing = (error: unknown, hash: string): Document => ({
  hash,
  operation() {
    throw error;
  },
});

function parsedFrom(text: string): DocumentNode {
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof GraphQLError ? refusal(error, 'GRAPHQL_PARSE_FAILED') : error;
  }
}

const refusal = ({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code, http: { spec: true, status: 400 } },
  });

const noSuchOperation = () =>
  new BadRequest('The document has no operation of this name, or several and none is named.');

/** As much as tells documents apart in a log. */
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
