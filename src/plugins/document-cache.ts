import { type DocumentNode, type Token, TokenKind } from 'graphql';
import { LRUCache } from 'lru-cache';

/**
 * What is remembered of documents, so that one is parsed and validated once. Yoga bounds it by their number,
 * and a thousand documents that are as large as may be would be more than all else that a process holds.
 */

const maxBytes = 24_000_000;
const maxErrorBytes = 4_000_000; // whoever repeats a mistake is told the same from memory
const bytesOfToken = 600; // with the nodes made of it; of a character of text it is one
const bytesOfError = 1_000;

export function createDocumentCaches() {
  const documentCache = new LRUCache<string, DocumentNode>({
    maxSize: maxBytes,
    sizeCalculation: (document, text) => tokensOf(document.loc?.startToken) * bytesOfToken + text.length,
  });
  const errorCache = new LRUCache<string, Error>({
    maxSize: maxErrorBytes,
    sizeCalculation: (_, text) => bytesOfError + text.length,
  });
  return {
    documentCache,
    errorCache,
    /** Whether a document has been parsed before, or found to be none. */
    isKnown: (text: string) => documentCache.has(text) || errorCache.has(text),
  };
}

/** How many tokens there are after the first, which stands for the start; comments are some, for they are kept too. */
export function tokensOf(start: Token | null | undefined): number {
  let count = 0;
  for (let token = start?.next; token && token.kind !== TokenKind.EOF; token = token.next) count += 1;
  return count;
}
