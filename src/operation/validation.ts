import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
} from 'graphql';
import { InvalidRequest } from './invalid-request.ts';
import { checkSize, checkTokens } from './limits.ts';
import { errorAt, parseWithPositions } from './positions.ts';

/** Parses and validates documents, within the static limits. */

export interface ValidationOptions {
  schema: GraphQLSchema;
  introspection: boolean;
  /** Whether messages may suggest names of fields that the document does not contain. */
  suggestions: boolean;
}

export interface ParsedDocument {
  document: DocumentNode;
  tokens: number;
}

const maxErrors = 5;

/** @throws InvalidRequest, QueryTooComplex */
export function parseText(text: string): ParsedDocument {
  checkTokens(text);
  return parsePrinted(text);
}

/** Parses a text that was printed from a document, whose tokens need no count. @throws InvalidRequest */
export function parsePrinted(text: string): ParsedDocument {
  try {
    return parseWithPositions(text);
  } catch (error) {
    throw error instanceof GraphQLError
      ? new InvalidRequest([withCode(error, 'GRAPHQL_PARSE_FAILED')])
      : error;
  }
}

/** @returns a function that throws InvalidRequest or QueryTooComplex for a document that must not be executed */
export function createValidate({ schema, introspection, suggestions }: ValidationOptions) {
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  // A suggestion compares a name with all names of the schema, for each of a hundred errors.
  const limits = { maxErrors, hideSuggestions: !suggestions };

  return (document: DocumentNode): void => {
    checkSize(document);
    const errors = validate(schema, document, rules, limits);
    // A client that makes a hundred mistakes does not read a hundred messages.
    const sentErrors = errors.length > maxErrors ? errors.slice(0, 1) : errors;
    if (sentErrors.length > 0) {
      throw new InvalidRequest(sentErrors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
    }
  };
}

const withCode = (error: GraphQLError, code: string): GraphQLError =>
  errorAt(error, error.message, { code, http: { spec: true, status: 400 } });
