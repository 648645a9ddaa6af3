import { expect, test } from 'vitest';
import type { Spotify, SpotifyObject, Window } from '../../src/datasources/spotify/index.ts';
import type { Documents } from '../../src/operation/documents.ts';
import { createOperationExecutor } from '../../src/operation/execute-operation.ts';
import type { Context } from '../../src/schema/context.ts';

test('what an operation has shown is let go of once it has run, and not before', async () => {
  const slots = [{ slot: 0, item: { malformed: 'album' } }];
  const window: Window<SpotifyObject> = {
    start: 0,
    end: 1,
    slots,
    reportedTotal: 1,
    total: 1,
    hasNext: false,
    hasPrevious: false,
  };
  const operation = {
    name: null,
    plan: () => ({ calls: 0 }),
    async execute(_: unknown, context: Context) {
      context.windows.push(window);
      await Promise.resolve();
      return { data: { shown: window.slots } };
    },
  };
  const { executeOperation } = createOperationExecutor({
    spotify: { started: async () => undefined } as Spotify,
    documents: { fromText: () => ({ hash: '', operation: () => operation }) } as unknown as Documents,
    timeoutMs: 1_000,
    maxCalls: 1,
    maxAnswerFields: 100,
    maxAnswerBytes: 1_000,
    mask: (error) => {
      throw error;
    },
    report: () => undefined,
    onRejected: () => undefined,
  });
  const { result } = await executeOperation({
    document: '{ shown }',
    client: { key: '', header: () => null },
  });
  expect(result.data).toEqual({ shown: slots });
  expect(window.slots).toEqual([]);
});
