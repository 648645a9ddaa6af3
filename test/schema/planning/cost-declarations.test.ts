import { type GraphQLField, type GraphQLResolveInfo, isObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createOperationContext, kindNames, type Spotify } from '../../../src/datasources/spotify/index.ts';
import { createContext } from '../../../src/schema/context.ts';
import { schema } from '../../../src/schema/index.ts';

/** A field declares its cost where it is defined, so that no field is free because of its name. */

const id = '3Nrfpe0tUJi4K4DXYWgMUX';
const readMethods = ['object', 'node', 'unpagedList', 'window', 'total'];
const codes = { isrc: 'GBCEL1300362', upc: '887828031795' };
const args = { id, ids: [id], representations: [{ __typename: 'Artist', id }], q: 'love', ...codes };
const listKey = { key: 'list', market: null, maxOffset: Number.POSITIVE_INFINITY };

const fields = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .filter(({ name }) => !name.startsWith('__'))
  .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })))
  .map(({ type, field }) => ({ coordinate: `${type.name}.${field.name}`, type, field }));

/** Resolves the field of an object without data, and records the reads of the datasource. */
async function readsOf(field: GraphQLField<unknown, unknown>, type: (typeof fields)[number]['type']) {
  const reads: string[] = [];
  const read = (name: string) => () => {
    reads.push(name);
    return Promise.resolve(null);
  };
  const spotify = {
    ...Object.fromEntries(readMethods.map((name) => [name, read(name)])),
    field: (_object: unknown, name: string, _context: unknown, isInShort: boolean) =>
      isInShort ? Promise.resolve(null) : read(name)(),
    mayBeFound: () => false,
    ...Object.fromEntries(['pagedList', 'search'].map((name) => [name, () => listKey])),
  } as unknown as Spotify; // only the methods that resolvers call
  const parent = {
    kind: type.extensions.kind ?? 'artist',
    id,
    market: null,
    albumId: id,
    kinds: kindNames,
    q: 'love',
    window: null,
    total: read('total'),
  };
  const context = createContext(spotify, createOperationContext(1_000));
  context.selection = {
    field: () => ({ selectedNames: new Set(['nodes', 'totalCount']), below: [] }),
    marketOfRoot: () => null,
    hasMarketAbove: () => false,
  };
  const info = { schema, parentType: type, fieldName: field.name, fieldNodes: [], path: { key: 'x' } };
  try {
    const value = await field.resolve?.(parent, args, context, info as unknown as GraphQLResolveInfo);
    await Promise.all(Array.isArray(value) ? value : []);
  } catch {
    // The field lacks a value; its reads are recorded.
  }
  context.operationContext.end();
  return reads;
}

describe('the cost of a field', () => {
  test.each(fields)(
    '$coordinate declares its cost if its resolver reads from the datasource',
    async ({ type, field }) => {
      const reads = await readsOf(field, type);
      if (reads.length > 0) expect(field.extensions.cost, reads.join()).toBeDefined();
    },
  );

  test('the fake datasource records the reads of fields that read objects or lists', async () => {
    const readers = await Promise.all(
      fields.map(async ({ coordinate, field, type }) =>
        (await readsOf(field, type)).length > 0 ? coordinate : null,
      ),
    );
    expect(readers).toEqual(
      expect.arrayContaining([
        ...['Query.artist', 'Query.albums', 'Query.node', 'Query._entities', 'SearchResults.tracks'],
        ...['Artist.albums', 'Artist.topTracks', 'Artist.followers', 'Album.tracks', 'Track.album'],
      ]),
    );
  });
});
