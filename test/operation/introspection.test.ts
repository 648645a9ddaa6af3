import { expect, test } from 'vitest';
import { codesOf, withSandbox } from '../support/gateway.ts';
import type { Environment } from '../support/upstream.ts';

const queries = ['{ __schema { queryType { name } } }', '{ __type(name: "Artist") { name } }'];

test.each(queries)('an introspection query gets a response by default: %s', async (query) => {
  const { execute } = await withSandbox();
  expect(await execute(query)).toMatchObject({ status: 200, data: expect.any(Object) });
});

test.each<Environment>([{ INTROSPECTION: 'false' }, { NODE_ENV: 'production' }])(
  'an introspection query is rejected with %o, and other queries are not rejected',
  async (environment) => {
    const { execute } = await withSandbox(environment);
    for (const query of queries) {
      const { status, data, errors } = await execute(query);
      expect(status).toBe(400);
      expect(new Set(codesOf({ errors }))).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
      expect(data).toBeUndefined();
    }
    const { data, errors } = await execute(
      '{ __typename artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") { __typename name } }',
    );
    expect(data).toEqual({ __typename: 'Query', artist: { __typename: 'Artist', name: 'BTS' } });
    expect(errors).toEqual([]);
  },
);
