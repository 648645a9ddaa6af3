import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'graphql';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createDocuments } from '../../src/operation/documents.ts';
import { schema } from '../../src/schema/index.ts';
import { repeated } from '../support/abuse.ts';
import { until } from '../support/process.ts';

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
  ['as large as may be', dense, 60],
  ['small', sparse, 3_500],
])('many different documents, each %s, take less than 30 MB', async (_, text, count) => {
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
  for (let n = 0; n < 300; n++) fromText(text(n));
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

const wrong = (n: number): string => `{ unknown${n} ${'a '.repeat(500)}}`;

/** Sends new mistakes until the client has no time left for them. */
function useUp({ fromText, hasParseBudget }: ReturnType<typeof documents>, clientKey: string): void {
  for (let n = 0; n < 10_000 && hasParseBudget(wrong(n), clientKey); n++) fromText(wrong(n), clientKey);
}

test('a client has a twentieth of the time for its mistakes; valid and known documents are read always', async () => {
  const { fromText, hasParseBudget, ...others } = documents();
  fromText(sparse(0), 'one');
  useUp({ fromText, hasParseBudget, ...others }, 'one');
  expect(hasParseBudget(sparse(0), 'one')).toBe(true);
  expect(hasParseBudget(wrong(0), 'one')).toBe(true);
  expect(hasParseBudget(sparse(1), 'one')).toBe(false); // nobody knows whether it is valid
  await until(() => hasParseBudget(sparse(1), 'one'), 1_000);
  for (let n = 1; n < 300; n++) fromText(sparse(n), 'one');
  expect(hasParseBudget(sparse(300), 'one')).toBe(true);
});

test('the mistakes of one client cost no other client anything', () => {
  vi.useFakeTimers({ toFake: ['performance'] }); // no budget grows meanwhile; mistakes cost time of the processor
  onTestFinished(() => void vi.useRealTimers());
  const all = documents();
  useUp(all, 'one');
  expect(all.hasParseBudget(sparse(1), 'one')).toBe(false);
  expect(all.hasParseBudget(sparse(1), 'other')).toBe(true);
  expect(all.hasParseBudget(wrong(-1), 'other')).toBe(true);
});

test('a mistake that was read before is a mistake for free, whichever client repeats it', () => {
  const all = documents();
  const first = all.fromText(wrong(0), 'one');
  useUp(all, 'one');
  for (let n = 0; n < 1_000; n++) {
    expect(all.hasParseBudget(wrong(0), 'one')).toBe(true);
    expect(all.fromText(wrong(0), 'one')).toBe(first);
  }
  expect(all.fromText(wrong(0), 'other')).toBe(first);
});

test('a valid document whose operations were rejected needs time for mistakes, too', () => {
  const all = documents();
  const read = all.fromText(sparse(1), 'one');
  all.chargeRejection(read, 'one', 1_000);
  expect(all.hasParseBudget(sparse(1), 'one')).toBe(false);
  expect(all.hasParseBudget(sparse(1), 'other')).toBe(true);
});

test('what is remembered of ten thousand clients that make mistakes is small', () => {
  const all = documents();
  const before = heapMb();
  for (let n = 0; n < 100_000; n++) all.chargeRejection(all.fromText(sparse(0)), `client ${n}`, 1_000);
  expect(all.hasParseBudget(sparse(1), 'client 99999')).toBe(false);
  expect(all.hasParseBudget(sparse(1), 'client 0')).toBe(true); // it is forgotten
  expect(heapMb() - before).toBeLessThan(10);
});

test('mistakes in many large documents hold none of them', () => {
  const before = heapMb();
  const { fromText } = documents();
  // The unknown field has all of the document below it.
  const text = (n: number) => `{ unknown${n} { ${repeated('x#{b}', 300)} } }`;
  for (let n = 0; n < 150; n++) fromText(text(n));
  expect(heapMb() - before).toBeLessThan(15);
});
