import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { createDocumentCaches } from '../src/plugins/document-cache.ts';

/** What a process remembers of documents is bounded by what it weighs. */

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1_000_000;
}

const dense = (n: number): string => `{ n${n} ${'a '.repeat(1_900)}}`;
const sparse = (n: number): string => `{ n${n} __typename }`;

test.each([
  ['as large as may be', dense, 1_000],
  ['small', sparse, 10_000],
])('thousands of different documents, each %s, take less than 30 MB', (_, text, count) => {
  const before = heapMb();
  const { documentCache } = createDocumentCaches();
  for (let n = 0; n < count; n++) documentCache.set(text(n), parse(text(n)));
  const grownMb = heapMb() - before;
  expect(documentCache.has(text(count - 1))).toBe(true);
  expect(documentCache.size).toBeLessThan(count);
  process.stdout.write(`${documentCache.size} of ${count} documents are held, in ${grownMb.toFixed(1)} MB\n`);
  expect(grownMb).toBeLessThan(30);
});

test('mistakes as long as a body may be take less than 10 MB', () => {
  const before = heapMb();
  const { errorCache, isKnown } = createDocumentCaches();
  const text = (n: number) => `${n}${'x'.repeat(90_000)}`;
  for (let n = 0; n < 1_000; n++) errorCache.set(text(n), new Error('a mistake'));
  expect(isKnown(text(999))).toBe(true);
  expect(isKnown(text(0))).toBe(false);
  expect(heapMb() - before).toBeLessThan(10);
});

test('a document is found again, and a comment in it weighs as a token', () => {
  const { documentCache, isKnown } = createDocumentCaches();
  const text = `#\n${'#\n'.repeat(99)}{ a }`;
  documentCache.set(text, parse(text));
  expect(isKnown(text)).toBe(true);
  expect(isKnown('{ a }')).toBe(false);
  expect(documentCache.calculatedSize).toBe(103 * 600 + text.length);
});
