import {
  type ASTNode,
  type DocumentNode,
  GraphQLError,
  Kind,
  Location,
  parse,
  Source,
  type SourceLocation,
  Token,
  TokenKind,
  visit,
} from 'graphql';
import { shortened } from '../text.ts';

/**
 * Lines and columns in a document. GraphQL.js would read the text from its start for the position of each error. Here
 * each node keeps the line and the column that the parser found for its first token: the position of every error costs
 * the same, and a document references neither its text nor its tokens.
 */

// GraphQL.js searches this text for line ends when it creates an error.
const emptySource = new Source('');

/** @throws GraphQLError if the text is not a GraphQL document */
export function parseWithPositions(text: string): { document: DocumentNode; tokens: number } {
  const document = parse(text);
  const tokens = tokensOf(document.loc?.startToken);
  visit(document, {
    enter(node: { loc?: Location | undefined }) {
      if (node.loc) node.loc = locationAt(node.loc.startToken, node.loc.start, node.loc.end);
    },
  });
  return { document, tokens };
}

/** The number of tokens after the start token; comments count, because they are in memory too. */
export function tokensOf(start: Token | null | undefined): number {
  let count = 0;
  for (let token = start?.next; token && token.kind !== TokenKind.EOF; token = token.next) count += 1;
  return count;
}

/** A location whose token has no neighbours, through which it would reference all tokens of the text. */
function locationAt({ line, column }: SourceLocation, start = 0, end = 0): Location {
  const token = new Token(TokenKind.SOF, start, end, line, column);
  return new Location(token, token, emptySource);
}

/** The positions of an error in its document, which `parseWithPositions` has parsed. */
export function positionsOf({ nodes, locations }: GraphQLError): readonly SourceLocation[] {
  return nodes
    ? nodes.flatMap(({ loc }) => (loc ? [{ line: loc.startToken.line, column: loc.startToken.column }] : []))
    : (locations ?? []);
}

/** A node that has only a position, so that a cached error does not reference its document. */
export const positionOnly = (position: SourceLocation): ASTNode => ({
  kind: Kind.NAME,
  value: '',
  loc: locationAt(position),
});

/** An error at the position of another error; a message that quotes too much of the document is cut. */
export const errorAt = (
  error: GraphQLError,
  message: string,
  extensions: Readonly<Record<string, unknown>>,
): GraphQLError =>
  new GraphQLError(shortened(message, maxMessageLength), {
    nodes: positionsOf(error).map(positionOnly),
    path: error.path ?? null,
    extensions,
  });

const maxMessageLength = 500; // a name or a value in a document may be as long as the document
