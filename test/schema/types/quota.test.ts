import { graphqlSync } from 'graphql';
import { expect, test } from 'vitest';
import {
  createOperationContext,
  type FamilyQuota,
  type Spotify,
} from '../../../src/datasources/spotify/index.ts';
import { createContext } from '../../../src/schema/context.ts';
import { schema } from '../../../src/schema/index.ts';
import { withSandbox } from '../../support/gateway.ts';

const document = '{ quota { family used limit limitSource remaining resetAt backOffUntil } }';

const spotifyWith = (quota: FamilyQuota[]) =>
  // Query.quota reads nothing else.
  ({ quota: () => quota }) as unknown as Spotify;

const read = (quota: FamilyQuota[], exposeQuota: boolean) => {
  const operationContext = createOperationContext(1_000);
  const contextValue = createContext(spotifyWith(quota), operationContext, { exposeQuota });
  return { result: graphqlSync({ schema, source: document, contextValue }), operationContext };
};

const learned: FamilyQuota = {
  family: 'artists/albums',
  used: 61,
  limit: 100,
  limitSource: 'LEARNED',
  remaining: 37,
  isUsedUp: false,
  backOffReason: null,
  resetAtMs: Date.UTC(2026, 10, 28, 9, 30),
  backOffUntilMs: null,
};

test('Query.quota states the calls, the limit and the times of each endpoint family', async () => {
  const blocked: FamilyQuota = {
    ...{ family: 'search', used: 3, limit: null, limitSource: 'NONE', remaining: null, resetAtMs: null },
    ...{ isUsedUp: false, backOffReason: 'quota', backOffUntilMs: Date.UTC(2026, 10, 27, 12) },
  };
  const { result, operationContext } = read([learned, blocked], true);
  expect(JSON.parse(JSON.stringify(await result))).toEqual({
    data: {
      quota: [
        {
          ...{ family: 'artists/albums', used: 61, limit: 100, limitSource: 'LEARNED', remaining: 37 },
          ...{ resetAt: '2026-11-28T09:30:00.000Z', backOffUntil: null },
        },
        {
          ...{ family: 'search', used: 3, limit: null, limitSource: 'NONE', remaining: null },
          ...{ resetAt: null, backOffUntil: '2026-11-27T12:00:00.000Z' },
        },
      ],
    },
  });
  expect(operationContext.freshUntilMs).toBe(0); // no cache keeps the response
});

test('Query.quota is null unless the quota is exposed', async () => {
  expect(await read([learned], false).result).toEqual({ data: { quota: null } });
});

test.each([
  ['true', expect.any(Array)],
  ['false', null],
])(
  'Query.quota costs no call, and EXPOSE_QUOTA=%s decides whether the field is null',
  async (EXPOSE_QUOTA, quota) => {
    const { execute, sandbox } = await withSandbox({ EXPOSE_QUOTA });
    const { data, errors, extensions } = await execute(document);
    expect({ data, errors }).toEqual({ data: { quota }, errors: [] });
    expect(extensions.spotify).toMatchObject({ plannedCalls: 0, calls: [], quota });
    expect(sandbox.calls()).toEqual([]);
  },
);
