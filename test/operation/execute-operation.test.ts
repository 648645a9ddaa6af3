import { getEventListeners } from 'node:events';
import {
  type ConstValueNode,
  type FieldNode,
  GraphQLError,
  Kind,
  OperationTypeNode,
  parse,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { expect, onTestFinished, test } from 'vitest';
import {
  createOperationRunner,
  type ExecuteOperationOptions,
} from '../../src/operation/execute-operation.ts';
import { blockEventLoop, startClock, waitForIdleLoop } from '../support/clock.ts';
import { withSandbox } from '../support/gateway.ts';
import { artistQuery } from '../support/schema-tests.ts';

const document = parse(artistQuery);

test.each([
  ['before it starts', 0],
  ['while it is in the queue', 60], // operations start during the first 50 ms of an event-loop iteration
])('the operation of a client that disconnects %s sends no call', async (_, busyMs) => {
  const { gateway, sandbox } = await withSandbox();
  await gateway.connect();
  await gateway.execute({ document: parse('{ __typename }') });
  await waitForIdleLoop();
  sandbox.clearCalls();
  const client = new AbortController();
  const first = gateway.execute({ document: parse('{ __typename }') });
  blockEventLoop(busyMs);
  const operation = gateway.execute({ document, signal: client.signal });
  client.abort();
  await expect(operation).rejects.toBe(client.signal.reason);
  await first;
  expect(sandbox.calls()).toEqual([]);
});

test('an operation that fails by a bug is logged, and leaves no listener on its signal', async () => {
  const { gateway, logged } = await withSandbox();
  const { signal } = new AbortController();
  const { errors } = await gateway.execute({
    document: { kind: Kind.DOCUMENT, definitions: [{}] } as never,
    signal,
  });
  expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['INTERNAL_SERVER_ERROR']);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  const lines = logged.filter(({ message }) => message === 'operation');
  expect(lines).toMatchObject([{ fields: { codes: ['INTERNAL_SERVER_ERROR'], document: '' } }]);
});

test('operations that have waited for the same call continue in one event-loop iteration each, if each takes long', async () => {
  const { gateway, apiCalls } = await withSandbox();
  await gateway.connect();
  await waitForIdleLoop();
  const clock = startClock();
  let iteration = 0;
  let counting = setImmediate(function count() {
    iteration += 1;
    counting = setImmediate(count);
  });
  onTestFinished(() => clearImmediate(counting));
  const operate = async () => {
    const { data } = await gateway.execute({ document });
    void clock.pass(0.06); // simulates 60 ms of work, because operations have 50 ms in an iteration
    return { data, iteration };
  };
  const results = await Promise.all(Array.from({ length: 5 }, operate));
  expect(results.map(({ data }) => data)).toEqual(Array(5).fill({ artist: { name: 'BTS' } }));
  expect(apiCalls()).toHaveLength(1);
  expect(new Set(results.map((result) => result.iteration)).size).toBe(5);
});

test('an operation whose request has waited for the turn of its client starts at once, and others wait in the queue', async () => {
  const started: (string | null)[] = [];
  const { executeOperation, waitForTurn } = createOperationRunner({
    spotify: { whenSynced: async () => undefined },
    documents: {
      fromText(text: string) {
        started.push(text);
        throw new Error('not executed');
      },
    },
    requestTimeoutMs: 1_000,
    mask: (error: unknown) => new GraphQLError(String(error)),
    report: () => undefined,
    onRejected: () => undefined,
  } as unknown as ExecuteOperationOptions);
  const client = { key: 'a', header: () => null, requestId: null };
  expect(waitForTurn('a')).toBe(true);
  blockEventLoop(60); // operations start during the first 50 ms of an event-loop iteration
  await Promise.all([
    executeOperation({ document: 'without a turn', client }),
    executeOperation({ document: 'with a turn', client: { ...client, hasWaitedForTurn: true } }),
  ]);
  expect(started).toEqual(['with a turn', 'without a turn']);
});

/** A node of a tree that no text has: a parser would not descend as deep. */
const nested = <T>(node: T, around: (inner: T) => T): T => {
  let outer = node;
  for (let level = 0; level < 20_000; level++) outer = around(outer);
  return outer;
};

const selectionOf = (...selections: SelectionNode[]): SelectionSetNode => ({
  kind: Kind.SELECTION_SET,
  selections,
});

const field = (name: string, rest: Partial<FieldNode> = {}): FieldNode => ({
  kind: Kind.FIELD,
  name: { kind: Kind.NAME, value: name },
  ...rest,
});

test.each([
  ['fields', nested(field('id'), (inner) => field('artist', { selectionSet: selectionOf(inner) }))],
  [
    'fragments',
    nested<SelectionNode>(field('id'), (inner) => ({
      kind: Kind.INLINE_FRAGMENT,
      selectionSet: selectionOf(inner),
    })),
  ],
  [
    'lists',
    field('artist', {
      arguments: [
        {
          kind: Kind.ARGUMENT,
          name: { kind: Kind.NAME, value: 'id' },
          value: nested<ConstValueNode>({ kind: Kind.INT, value: '1' }, (inner) => ({
            kind: Kind.LIST,
            values: [inner],
          })),
        },
      ],
    }),
  ],
])(
  'a document of the same process with 20,000 levels of %s is too complex, and is no bug of the gateway',
  async (_, selection) => {
    const { gateway, logged } = await withSandbox();
    const operation = {
      kind: Kind.OPERATION_DEFINITION,
      operation: OperationTypeNode.QUERY,
      selectionSet: selectionOf(selection),
    } as const;
    const { errors } = await gateway.execute({ document: { kind: Kind.DOCUMENT, definitions: [operation] } });
    expect(errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'QUERY_TOO_COMPLEX', limit: 1_000, actual: expect.any(Number) },
    ]);
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  },
);
