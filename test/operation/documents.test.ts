import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'graphql';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createDocuments } from '../../src/operation/documents.ts';
import { schema } from '../../src/schema/index.ts';
import { repeated } from '../support/abuse.ts';

/** The memory of the document cache is bounded. */

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
  ['of the maximum size', dense, 60],
  ['small', sparse, 3_500],
])('many different documents, each %s, take less than 30 MB', async (_, text, count) => {
  const before = heapMb();
  const { fromText } = documents();
  const references = Array.from({ length: count }, (__, n) => new WeakRef(fromText(text(n))));
  await sleep(0); // a WeakRef keeps its target until the end of the event-loop iteration
  const grownMb = heapMb() - before;
  const cachedCount = references.filter((reference) => reference.deref()).length;
  expect(cachedCount).toBeGreaterThan(0);
  expect(cachedCount).toBeLessThan(count);
  expect(fromText(text(count - 1))).toBe(references.at(-1)?.deref());
  process.stdout.write(`${cachedCount} of ${count} documents are cached, in ${grownMb.toFixed(1)} MB\n`);
  expect(grownMb).toBeLessThan(30);
});

test('invalid documents of the maximum body size take less than 10 MB, and evict no valid document', () => {
  const before = heapMb();
  const { fromText } = documents();
  const validDocument = fromText(sparse(1));
  const text = (n: number) => `${n}${'x'.repeat(90_000)}`;
  for (let n = 0; n < 300; n++) fromText(text(n));
  expect(fromText(sparse(1))).toBe(validDocument);
  expect(heapMb() - before).toBeLessThan(10);
});

test('a document is read once, as text and as an AST', () => {
  const { fromText, fromAst } = documents();
  const text = '{\n  artist(id: "1") {\n    id\n  }\n}';
  const read = fromText(text);
  expect(fromText(text)).toBe(read);
  expect(fromAst(parse('{ artist(id: "1") { id } }'))).toBe(read);
  expect(read.operation(null)).toBe(read.operation(null));
});

const invalidText = (n: number): string => `{ unknown${n} ${'a '.repeat(500)}}`;

/** Sends new invalid documents until the parse budget of the client is used up. */
function useUp({ fromText, hasParseBudget }: ReturnType<typeof documents>, clientKey: string): void {
  for (let n = 0; n < 10_000 && hasParseBudget(invalidText(n), clientKey); n++)
    fromText(invalidText(n), clientKey);
}

/** From now on no budget grows, until `vi.advanceTimersByTime`. Invalid documents still use processor time. */
function stopBudgets(): void {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
}

test('a client has a twentieth of the time for invalid documents, and valid and cached documents are always read', () => {
  stopBudgets();
  const { fromText, hasParseBudget, ...others } = documents();
  fromText(sparse(0), 'one');
  useUp({ fromText, hasParseBudget, ...others }, 'one');
  expect(hasParseBudget(sparse(0), 'one')).toBe(true);
  expect(hasParseBudget(invalidText(0), 'one')).toBe(true);
  expect(hasParseBudget(sparse(1), 'one')).toBe(false); // the gateway has not validated it yet
  vi.advanceTimersByTime(1_000);
  expect(hasParseBudget(sparse(1), 'one')).toBe(true);
  for (let n = 1; n < 300; n++) fromText(sparse(n), 'one');
  expect(hasParseBudget(sparse(300), 'one')).toBe(true);
});

test('the invalid documents of one client use no budget of another client', () => {
  stopBudgets();
  const all = documents();
  useUp(all, 'one');
  expect(all.hasParseBudget(sparse(1), 'one')).toBe(false);
  expect(all.hasParseBudget(sparse(1), 'other')).toBe(true);
  expect(all.hasParseBudget(invalidText(-1), 'other')).toBe(true);
});

test('a cached invalid document uses no budget, for every client that repeats it', () => {
  const all = documents();
  const first = all.fromText(invalidText(0), 'one');
  useUp(all, 'one');
  for (let n = 0; n < 1_000; n++) {
    expect(all.hasParseBudget(invalidText(0), 'one')).toBe(true);
    expect(all.fromText(invalidText(0), 'one')).toBe(first);
  }
  expect(all.fromText(invalidText(0), 'other')).toBe(first);
});

test('a valid document whose operations were rejected uses the budget for invalid documents too', () => {
  const all = documents();
  const read = all.fromText(sparse(1), 'one');
  all.chargeRejection(read, 'one', 1_000);
  expect(all.hasParseBudget(sparse(1), 'one')).toBe(false);
  expect(all.hasParseBudget(sparse(1), 'other')).toBe(true);
});

test('the budgets of a hundred thousand clients with rejected operations take less than 10 MB', () => {
  const all = documents();
  const before = heapMb();
  for (let n = 0; n < 100_000; n++) all.chargeRejection(all.fromText(sparse(0)), `client ${n}`, 1_000);
  expect(all.hasParseBudget(sparse(1), 'client 99999')).toBe(false);
  expect(all.hasParseBudget(sparse(1), 'client 0')).toBe(true); // its budget was evicted
  expect(heapMb() - before).toBeLessThan(10);
});

test('the cached errors of many large invalid documents keep none of the documents in memory', () => {
  const before = heapMb();
  const { fromText } = documents();
  // The unknown field contains the rest of the document.
  const text = (n: number) => `{ unknown${n} { ${repeated('x#{b}', 300)} } }`;
  for (let n = 0; n < 150; n++) fromText(text(n));
  expect(heapMb() - before).toBeLessThan(15);
});
