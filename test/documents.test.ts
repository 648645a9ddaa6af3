import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { createDocuments } from '../src/operation/documents.ts';
import { schema } from '../src/schema/index.ts';

/** What a process remembers of documents is bounded by what it weighs. */

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1_000_000;
}

const documents = () => createDocuments({ schema, introspection: true, suggestions: true });

const dense = (n: number): string => `{ artist(id: "${n}") { ${'...{id} '.repeat(450)} } }`;
const sparse = (n: number): string => `{ artist(id: "${n}") { id } }`;

test.each([
  ['as large as may be', dense, 100],
  ['small', sparse, 5_000],
])('thousands of different documents, each %s, take less than 30 MB', (_, text, count) => {
  const before = heapMb();
  const { fromText, isKnown } = documents();
  for (let n = 0; n < count; n++) fromText(text(n));
  const grownMb = heapMb() - before;
  const held = Array.from({ length: count }, (__, n) => isKnown(text(n))).filter(Boolean).length;
  expect(isKnown(text(count - 1))).toBe(true);
  expect(held).toBeLessThan(count);
  process.stdout.write(`${held} of ${count} documents are held, in ${grownMb.toFixed(1)} MB\n`);
  expect(grownMb).toBeLessThan(30);
});

test('mistakes as long as a body may be take less than 10 MB, and drive out nothing that is right', () => {
  const before = heapMb();
  const { fromText, isKnown } = documents();
  fromText(sparse(1));
  const text = (n: number) => `${n}${'x'.repeat(90_000)}`;
  for (let n = 0; n < 1_000; n++) fromText(text(n));
  expect(isKnown(text(999))).toBe(true);
  expect(isKnown(text(0))).toBe(false);
  expect(isKnown(sparse(1))).toBe(true);
  expect(heapMb() - before).toBeLessThan(10);
});

test('a document is read once, whether it comes as text or parsed', () => {
  const { fromText, fromAst, isKnown } = documents();
  const text = '{\n  artist(id: "1") {\n    id\n  }\n}';
  const read = fromText(text);
  expect(isKnown(text)).toBe(true);
  expect(isKnown('{ artist(id: "1") { id } }')).toBe(false);
  expect(fromText(text)).toBe(read);
  expect(fromAst(parse('{ artist(id: "1") { id } }'))).toBe(read);
  expect(read.operation(null)).toBe(read.operation(null));
});
