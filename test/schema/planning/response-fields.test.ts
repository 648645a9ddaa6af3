import * as fc from 'fast-check';
import { getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createEntityLists } from '../../../src/datasources/spotify/entity-lists.ts';
import { createDocuments } from '../../../src/operation/documents.ts';
import { sizeAbove } from '../../../src/operation/json-bytes.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { schema } from '../../../src/schema/index.ts';
import type { PlanOptions } from '../../../src/schema/planning/plan.ts';
import { repeated } from '../../support/abuse.ts';
import { clientTransports } from '../../support/client-transports.ts';
import { startClock } from '../../support/clock.ts';
import { operations } from '../../support/operations.ts';
import { artists, catalogue, dataOf, jsonList, startInMode } from '../../support/schema-tests.ts';

/** The size of a response is bounded before the operation runs, and again while the response is written. */

const { bts } = artists;
/** Names lists and reads none. */
const lists = createEntityLists({} as never, {} as never, null);
const times = (field: string, count: number) => repeated(`a#: ${field}`, count);
const fragment = (type: string, leaf: string, count: number) =>
  `fragment F on ${type} { ${times(leaf, count)} }`;
const unknown = Array.from({ length: 1_000 }, (_, n) => ({ __typename: 'Nothing', id: `${n}` }));

interface Multiplied {
  query: string;
  variables?: Record<string, unknown>;
}

const tooLarge: Record<string, Multiplied> = {
  '_entities × aliases × representations in a variable': {
    query: `query ($r: [_Any!]!) { ${times('_entities(representations: $r) { __typename }', 100)} }`,
    variables: { r: unknown },
  },
  'ids inline, each with a page of albums by fragments': {
    query: `{ artists(ids: ${JSON.stringify(Array(100).fill('no id'))}) { ...A } }
      fragment A on Artist { ${times('albums(first: 100) { nodes { ...F } }', 5)} } ${fragment('Album', 'name', 5)}`,
  },
  'nodes × aliases × ids in a variable': {
    query: `query ($i: [ID!]!) { ${times('nodes(ids: $i) { id }', 100)} }`,
    variables: { i: Array(100).fill('no id') },
  },
  'images by fragments below a search': {
    query: `{ search(q: "the") { tracks(first: 100) { nodes { album { ...A } } } } }
      fragment A on Album { ${times('images { ...F }', 30)} } ${fragment('Image', 'url', 40)}`,
  },
  '__typename by fragments below a search': {
    query:
      `{ search(q: "the") { artists(first: 100) { nodes { ...F } } albums(first: 100) { edges { node { artists { ...F } } } } } }
      ${fragment('Artist', '__typename', 95)}
      fragment G on Query { search(q: "the") { tracks(first: 100) { nodes { artists { ...F } } } } }`.replace(
        '{ search',
        '{ ...G search',
      ),
  },
  'introspection by fragments': {
    query: `{ __schema { types { ...T } } } fragment T on __Type { ${times('fields { ...F }', 40)} }
      fragment F on __Field { ${times('name', 40)} }`,
  },
  'one type by fragments': {
    query: `{ ${times('__type(name: "Artist") { ...T }', 40)} } fragment T on __Type { ${times('fields { ...F }', 20)} }
      fragment F on __Field { ${times('name', 20)} }`,
  },
  'the SDL for a router, 2,400 times': {
    query: `{ ${times('_service { ...F }', 50)} } ${fragment('_Service', 'sdl', 48)}`,
  },
  'fragments in fragments that multiply by 2 at each of 11 levels': {
    query: `{ artist(id: "${bts}") { ...F0 } } ${Array.from(
      { length: 5 },
      (_, n) =>
        `fragment F${n} on Artist { ${times(`albums(first: 100) { nodes { ${times(`artists { ...F${n + 1} }`, 2)} } }`, 2)} }`,
    ).join(' ')} fragment F5 on Artist { id }`,
  },
};

const cases = Object.entries(tooLarge).flatMap(([title, sent]) =>
  Object.keys(clientTransports).map((transport) => ({ title, transport, sent })),
);

test.each(cases)(
  'an operation whose response is multiplied is rejected with limit and actual before any call: $title, by $transport',
  async ({ transport, sent }) => {
    const sandbox = await startSandbox({ catalogue, quotaMode: 'extended' });
    const environment = { SPOTIFY_QUOTA_MODE: 'extended', MAX_UPSTREAM_CALLS: '1000000' };
    const send = clientTransports[transport]?.(sandbox, sent, environment);
    const clock = startClock();
    for (let run = 1; run <= 3; run++) {
      await clock.pass(10); // the gateway limits the time that the mistakes of a client take
      const received = await send?.();
      expect(received).toMatchObject({
        errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: expect.any(Number) } }],
      });
      const { limit = 0, actual } = received?.errors[0]?.extensions ?? {};
      expect(actual).toBeGreaterThan(Number(limit));
      expect(received?.errors).toHaveLength(1);
      expect(received?.data).toBeUndefined();
      expect([400, null]).toContain(received?.status);
    }
    expect(sandbox.calls()).toEqual([]);
    await sandbox.close();
  },
);

describe('the count of the fields of a response', () => {
  const documents = createDocuments({ schema, introspection: true, suggestions: true });
  const app = {
    has: () => true,
    isTriedAgain: () => false,
    worstCasePage: () => ({ limit: 50, probeCalls: 0 }),
  };
  const options = {
    spotify: { ...lists, app, isObjectCached: () => false },
    maxCalls: 100,
  } as unknown as PlanOptions;
  const countedFields = (query: string, variables = {}) =>
    documents.fromText(query).operation(null).plan(variables, options).responseFields;

  function fieldsIn(data: unknown): number {
    if (Array.isArray(data)) return data.reduce((sum: number, item) => sum + fieldsIn(item), 0);
    if (typeof data !== 'object' || data === null) return 0;
    return Object.values(data).reduce((sum: number, value) => sum + 1 + fieldsIn(value), 0);
  }

  test('the count of the fields of a response is exact for introspection', async () => {
    const { execute } = await startInMode('extended');
    for (const query of [
      getIntrospectionQuery(),
      getIntrospectionQuery({ descriptions: false, inputValueDeprecation: true }),
      '{ __type(name: "Artist") { fields { name args { name } } } no: __type(name: "No") { name } __typename }',
    ]) {
      const data = await dataOf({ execute }, query);
      // The gateway counts each name in a list of names, and `fieldsIn` does not.
      const names =
        JSON.stringify(data)
          .match(/"locations":\[[^\]]*\]/g)
          ?.flatMap((list) => JSON.parse(`{${list}}`).locations) ?? [];
      expect(countedFields(query)).toBe(fieldsIn(data) + names.length);
    }
  });

  // A field that may cost a call counts 8, an object 2 more than its fields, an object that is read by its id another 30.
  const artist = 8 + 2;
  test.each([
    ['{ __typename }', 1],
    [`{ artist(id: "x") { name uri } }`, artist + 2],
    [`{ artist(id: "x") { albums(first: 7) { nodes { name } } } }`, artist + (8 + 2) + 1 + 7 * (2 + 1)],
    [
      `{ artist(id: "x") { albums { edges { cursor node { id } } } } }`,
      artist + (8 + 2) + 1 + 20 * (2 + 1 + 1 + (2 + 1)),
    ],
    [
      `{ artist(id: "x") { albums(last: 3) { nodes { images { url } } } } }`,
      artist + (8 + 2) + 1 + 3 * (2 + 1 + 5 * (2 + 1)),
    ],
    [`{ artist(id: "x") { albums(first: 1000) { nodes { name } totalCount } } }`, artist + (8 + 2) + 1 + 1],
    [`{ artist(id: "x") { topTracks { name } } }`, artist + 8 + 10 * (2 + 1)],
    [`{ artist(id: "x") { genres popularity } }`, artist + (8 + 5) + 8],
    [`{ artists(ids: ["x", "y"]) { name } }`, 8 + 2 * (30 + 2 + 1)],
    [`{ artists(ids: ${jsonList(Array(101).fill('x'))}) { name } }`, 8],
    [`{ nodes(ids: ["x"]) { id ... on Artist { name uri } ... on Album { name } } }`, 8 + 30 + 2 + 3],
    [`{ album(id: "x", market: "XX") { name tracks { nodes { name } } } }`, 1],
    // Merged fields count once.
    [`{ artist(id: "x") { name ...F ...F ... { name } } } fragment F on Artist { name }`, artist + 1],
    [`{ artist(id: "x") { name @skip(if: true) uri @include(if: false) id } }`, artist + 1],
  ])('the count of the fields of a response has each field of each object: %s', (query, fields) => {
    expect(countedFields(query)).toBe(fields);
  });

  test('the count of the fields of a response uses list sizes of variables', () => {
    const query =
      'query ($n: Int = 3, $ids: [ID!]!) { artists(ids: $ids) { albums(first: $n) { nodes { name } } } }';
    const artistFields = (n: number) => 30 + 2 + (8 + 2) + 1 + n * (2 + 1);
    expect(countedFields(query, { ids: ['x'] })).toBe(8 + artistFields(3));
    expect(countedFields(query, { ids: ['x', 'y'], n: 50 })).toBe(8 + 2 * artistFields(50));
  });

  test('the time to count the fields of a response does not grow with the count', () => {
    const nested = (levels: number) =>
      `{ artist(id: "${bts}") { ...F0 } } ${Array.from(
        { length: levels },
        (_, n) => `fragment F${n} on Artist { ${times(`relatedArtists { ...F${n + 1} }`, 7)} }`,
      ).join(' ')} fragment F${levels} on Artist { id }`;
    expect(countedFields(nested(2))).toBeLessThan(100_000);
    const startedMs = performance.now();
    expect(() => countedFields(nested(13))).toThrow('more fields');
    expect(performance.now() - startedMs).toBeLessThan(2_000); // without merged levels it would not end
  });
});

describe('ordinary operations', () => {
  const limit = 100_000;
  const documents = createDocuments({ schema, introspection: true, suggestions: true });
  const app = {
    has: () => false,
    isTriedAgain: () => false,
    worstCasePage: () => ({ limit: 10, probeCalls: 2 }),
  };
  const options = {
    spotify: { ...lists, app, isObjectCached: () => false },
    maxCalls: 100,
  } as unknown as PlanOptions;
  const sixtyRoots = operations.find(({ title }) => title.startsWith('60 root fields'))?.document ?? '';

  test.each([
    [
      'a whole introspection',
      getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }),
      15,
    ],
    ['a stitching parent of 60 roots', sixtyRoots, 20],
    [
      'a page of 100 albums with their covers, artists and tracks',
      `{ artist(id: "${bts}") { name images { url width height } albums(first: 100) { totalCount pageInfo { hasNextPage endCursor }
        edges { cursor albumGroup node { id name uri albumType releaseDate { date precision } images { url width height }
        artists { id name } tracks(first: 5) { nodes { id name durationMs } } } } } } }`,
      5,
    ],
    [
      'a router with 500 entities',
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Album { name uri albumType images { url width height } } } }`,
      3,
    ],
  ])('the fields of an ordinary response are far below the limit: %s', (_, query, share) => {
    const r = Array.from({ length: 500 }, (__, n) => ({ __typename: 'Album', id: `${n}` }));
    const { responseFields } = documents.fromText(query).operation(null).plan({ r }, options);
    expect(responseFields).toBeGreaterThan(0);
    expect(responseFields).toBeLessThan(limit / share);
  });

  test.each(operations)(
    'the fields of a response in the tests are far below the limit: $title',
    ({ document }) => {
      const operation = documents.fromAst(parse(document)).operation(null);
      expect(operation.plan({}, options).responseFields).toBeLessThan(limit / 4);
    },
  );
});

describe('a response that is too large when it is written', () => {
  const query = `{ artist(id: "${bts}") { name albums(first: 20) { nodes { id name images { url } } } } }`;

  test.each(Object.keys(clientTransports))(
    'a response that is too large is replaced by one error with limit and actual: %s',
    async (transport) => {
      const sandbox = await startSandbox({ catalogue, quotaMode: 'development' });
      const send = clientTransports[transport]?.(sandbox, { query }, { MAX_ANSWER_BYTES: '1000' });
      const unlimited = await clientTransports[transport]?.(sandbox, { query })();
      for (let run = 1; run <= 3; run++) {
        const received = await send?.();
        expect(received?.errors).toEqual([
          {
            message: expect.any(String),
            extensions: {
              code: 'QUERY_TOO_COMPLEX',
              limit: 1_000,
              actual: Buffer.byteLength(unlimited?.text ?? ''),
            },
          },
        ]);
        expect(received?.data).toBeUndefined();
        expect([400, null]).toContain(received?.status);
      }
      await sandbox.close();
    },
  );

  test('a response may be as large as the limit, to the byte', async () => {
    const sandbox = await startSandbox({ catalogue, quotaMode: 'development' });
    const unlimited = await clientTransports['POST']?.(sandbox, { query })();
    const bytes = Buffer.byteLength(unlimited?.text ?? '');
    const within = await clientTransports['POST']?.(sandbox, { query }, { MAX_ANSWER_BYTES: `${bytes}` })();
    expect(within?.text).toBe(unlimited?.text);
    const above = await clientTransports['POST']?.(
      sandbox,
      { query },
      { MAX_ANSWER_BYTES: `${bytes - 1}` },
    )();
    expect(above?.errors[0]?.extensions).toEqual({
      code: 'QUERY_TOO_COMPLEX',
      limit: bytes - 1,
      actual: bytes,
    });
    await sandbox.close();
  });

  test('the size of a response is the size of its text from JSON.stringify', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const data = { value, text, 'key "': [text, null, undefined, true, 1.5e300] };
        const bytes = Buffer.byteLength(JSON.stringify(data));
        expect(sizeAbove(bytes, data)).toBeNull();
        expect(sizeAbove(bytes - 1, data)).toBe(bytes);
      }),
    );
  });
});
