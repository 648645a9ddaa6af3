import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { createDocuments } from '../src/operation/documents.ts';
import { schema } from '../src/schema/index.ts';
import { until } from './support/process.ts';

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
])('thousands of different documents, each %s, take less than 30 MB', async (_, text, count) => {
  const before = heapMb();
  const { fromText } = documents();
  const read = Array.from({ length: count }, (__, n) => new WeakRef(fromText(text(n))));
  await sleep(0); // a WeakRef holds what it points at until the end of its turn
  const grownMb = heapMb() - before;
  const held = read.filter((each) => each.deref()).length;
  expect(held).toBeGreaterThan(0);
  expect(held).toBeLessThan(count);
  expect(fromText(text(count - 1))).toBe(read.at(-1)?.deref());
  process.stdout.write(`${held} of ${count} documents are held, in ${grownMb.toFixed(1)} MB\n`);
  expect(grownMb).toBeLessThan(30);
});

test('mistakes as long as a body may be take less than 10 MB, and drive out nothing that is right', () => {
  const before = heapMb();
  const { fromText } = documents();
  const right = fromText(sparse(1));
  const text = (n: number) => `${n}${'x'.repeat(90_000)}`;
  for (let n = 0; n < 1_000; n++) fromText(text(n));
  expect(fromText(sparse(1))).toBe(right);
  expect(heapMb() - before).toBeLessThan(10);
});

test('a document is read once, whether it comes as text or parsed', () => {
  const { fromText, fromAst } = documents();
  const text = '{\n  artist(id: "1") {\n    id\n  }\n}';
  const read = fromText(text);
  expect(fromText(text)).toBe(read);
  expect(fromAst(parse('{ artist(id: "1") { id } }'))).toBe(read);
  expect(read.operation(null)).toBe(read.operation(null));
});

test('mistakes are read for a twentieth of the time; what is right, or known, always', async () => {
  const { fromText, mayRead } = documents();
  fromText(sparse(0));
  for (let n = 1; mayRead(`{ unknown${n} }`); n++) fromText(`{ unknown${n} ${'a '.repeat(500)}}`);
  expect(mayRead(sparse(0))).toBe(true);
  expect(mayRead('{ unknown1 '.concat('a '.repeat(500), '}'))).toBe(true);
  expect(mayRead(sparse(1))).toBe(false); // for who knows whether it is right
  await until(() => mayRead(sparse(1)), 1_000);
  for (let n = 1; n < 300; n++) fromText(sparse(n));
  expect(mayRead(sparse(300))).toBe(true);
});
