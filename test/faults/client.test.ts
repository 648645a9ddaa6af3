import { Agent } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { serverOptions } from '../../src/process/connections.ts';
import { listen, nested, operation, refusals, repeated, send } from '../support/abuse.ts';
import { isFull, stopwatchMs } from '../support/clock.ts';
import type { FaultCase, Step } from '../support/fault-case.ts';
import type { TestEnvironment } from '../support/fault-environment.ts';
import {
  albumId,
  artist,
  artistId,
  catalogue,
  range,
  trackId,
  tracks,
  unknownId,
} from '../support/fault-operations.ts';
import { faultSuite } from '../support/fault-runner.ts';
import { percentile } from '../support/fault-steps.ts';
import { exchange, openSocket } from '../support/process.ts';

const production = { NODE_ENV: 'production' };
const typename = { __typename: 'Query' };
const bts = catalogue.fixtures.artists.bts;
const firstArtist = `artist(id: "${artistId(0)}")`;
const tooComplex = 'QUERY_TOO_COMPLEX';

/** A request that is not a GraphQL request, rejected with a status and a code before it is parsed. */
const request = (init: RequestInit, status: number, path?: string): Step => ({
  act: async (testEnvironment) => [await send(testEnvironment, init, path)],
  client: { code: status === 413 ? tooComplex : 'BAD_REQUEST', status },
  api: 0,
  token: 0,
  withinMs: 100,
});

const typed = (type: string, body: string): RequestInit => ({ headers: { 'content-type': type }, body });
const query = '{"query":"{ __typename }"}';

/** The status of a request by a browser, and whether the response contains an IDE. */
async function visit(
  testEnvironment: TestEnvironment,
  path: string,
): Promise<{ status: number; scripts: boolean }> {
  const response = await testEnvironment
    .gateway()
    .handler.fetch(`http://gateway.test${path}`, { headers: { accept: 'text/html' } });
  const { text } = testEnvironment.overhear({ headers: response.headers, text: await response.text() });
  return { status: response.status, scripts: text.includes('<script') };
}

/** Steps with invalid ids of artists. */
const invalidIdSteps = (ids: readonly string[]): Step[] =>
  ids.map((id) => ({
    execute: operation('query ($id: ID!) { artist(id: $id) { name } }', { id }, { artist: null }),
    client: 'BAD_USER_INPUT',
    api: 0,
    token: 0,
    withinMs: 100,
  }));

const invalidIds = [
  '../me',
  '..',
  '%2e%2e/me',
  'a?b=c',
  'a#b',
  artistId(0).slice(1),
  `${artistId(0)}0`,
  artistId(0).replace(/.$/, 'é'),
  `spotify:album:${albumId(0)}`,
  `https://evil.example/artist/${artistId(0)}`,
  `https://open.spotify.com.evil.example/artist/${artistId(0)}`,
  'x'.repeat(90_000),
];

const invalidCursors = ['NaN', '-50', '1e23', '5&limit=50', 'x'.repeat(10_000), '%%%', 'OTkuMQ==', ''];

/** The time limits of the server, or a quarter of each. */
const share = isFull ? 1 : 1 / 4;
const dripLimits = {
  headersTimeout: serverOptions.headersTimeout * share,
  requestTimeout: serverOptions.requestTimeout * share,
  connectionsCheckingInterval: serverOptions.connectionsCheckingInterval * share,
};
const cutOffMs = ({ requestTimeout, connectionsCheckingInterval }: typeof dripLimits) =>
  requestTimeout + connectionsCheckingInterval;

const spread = (name: string) => `...${name}`;
const cycle = `{ ${firstArtist} { ...f0 } } ${repeated('fragment f# on Artist { name ...f# }', 40)}`;

const cases: FaultCase[] = [
  {
    id: 'C1',
    fault: '16, 3,000 and 20,000 levels of fields, also by fragments that follow one another',
    promise: 'a document that is too deep is rejected before the parser descends, and never with 500',
    steps: refusals(
      [
        operation(
          `{ ${firstArtist} ${range(5).reduce((inner) => `{ albums { nodes { artists ${inner} } } }`, '{ name }')} }`,
        ),
        operation(nested('a', 600)),
        operation(nested('a', 3_000)),
        operation(nested('a', 20_000)),
        operation(
          `{ ${firstArtist} { ...f0 } } ${range(20)
            .map((i) => `fragment f${i} on Artist { albums { nodes { artists { ...f${i + 1} } } } }`)
            .join(' ')}`,
        ),
      ],
      tooComplex,
    ),
  },
  {
    id: 'C2',
    fault: '101 and 5,000 aliases',
    promise: 'a document with too many aliases is rejected',
    steps: refusals(
      [
        operation(`{ ${repeated('a#: __typename', 101)} }`),
        operation(`{ ${repeated('a#: __typename', 5_000)} }`),
      ],
      tooComplex,
    ),
  },
  {
    id: 'C3',
    fault: '14 aliased artists, each with 100 albums and their tracks',
    promise: 'an operation with too many planned calls is rejected before the first call',
    steps: refusals(
      [
        operation(
          `{ ${repeated(`a#: artist(id: "${bts}") { albums(first: 100) { nodes { tracks(first: 100) { nodes { name } } } } }`, 14)} }`,
        ),
      ],
      tooComplex,
    ),
  },
  {
    id: 'C4',
    fault: '3,000 ids in one list',
    promise: 'a plural field rejects more than 100 ids',
    steps: ['nodes', 'artists', 'albums'].map((field) => ({
      act: async (testEnvironment) => {
        const body = JSON.stringify({
          query: `query ($ids: [ID!]!) { ${field}(ids: $ids) { id } }`,
          variables: { ids: Array(3_000).fill(artistId(0)) },
        });
        const { status, data, errors } = await send(testEnvironment, { body });
        expect({ status, data, errors }).toEqual({
          status: 200,
          data: null,
          errors: [
            {
              message: 'At most 100 ids at a time; these are 3000.',
              locations: [{ line: 1, column: 24 }],
              path: [field],
              extensions: { code: 'BAD_USER_INPUT' },
            },
          ],
        });
        return [];
      },
      api: 0,
      token: 0,
      says: { client: 'BAD_USER_INPUT for the whole list' },
    })),
  },
  {
    id: 'C4-one',
    fault: 'one invalid id among 50',
    promise: 'an invalid id makes its own entry null and no other',
    steps: [
      {
        execute: tracks(range(50).map((n) => (n === 20 ? '../me' : trackId(n)))),
        client: 'BAD_USER_INPUT',
        api: 49,
        check: ({ outcomes: [outcome] }) => {
          expect(outcome?.errors.map(({ path }) => path)).toEqual([['tracks', 20]]);
        },
      },
    ],
  },
  {
    id: 'C5',
    fault:
      'one field 500 and 5,000 times, one field twice at each of 7 levels, 6 directives on one field, 1,000 unknown directives',
    promise: 'repeated fields are rejected with one error, before they are compared in pairs',
    steps: refusals(
      [
        operation(`{ ${'__typename '.repeat(500)} }`),
        operation(`{ ${'__typename '.repeat(5_000)} }`),
        operation(`{ ${repeated(`${firstArtist} { name }`, 190)} }`),
        operation(
          `{ ${firstArtist} ${range(7).reduce((inner) => `{ albums { nodes { artists ${inner} artists ${inner} } } }`, '{ name }')} }`,
        ),
        operation('{ __typename @a @b @c @d @e @f }'),
        operation(`{ ${'__typename @a @b @c @d @e '.repeat(200)} }`),
      ],
      tooComplex,
      { check: ({ outcomes: [outcome] }) => void expect(outcome?.errors).toHaveLength(1) },
    ),
  },
  {
    id: 'C5-fragments',
    fault: '60 fragments; 40 that spread themselves; one spread 120 times',
    promise: 'fragments do not bypass the limits',
    steps: [
      ...refusals(
        [
          operation(
            `{ ${range(60)
              .map((i) => spread(`f${i}`))
              .join(' ')} } ${repeated(`fragment f# on Query { ${firstArtist} { name } }`, 60)}`,
          ),
          operation(`{ ${'...f '.repeat(120)} } fragment f on Query { __typename }`),
        ],
        tooComplex,
      ),
      ...refusals([operation(cycle)], 'GRAPHQL_VALIDATION_FAILED', {
        check: ({ outcomes: [outcome] }) => void expect(outcome?.errors).toHaveLength(1),
      }),
    ],
  },
  {
    id: 'C6',
    fault: '600 unknown fields; 400 unused variables; a list 900 levels deep as a value',
    promise: 'a document with a thousand mistakes gets one error',
    environment: production,
    steps: refusals(
      [
        operation(`{ ${repeated('x#', 600)} }`),
        operation(`query (${repeated('$v#: ID', 400)}) { __typename }`),
        operation(`{ artists(ids: ${'['.repeat(900)}${']'.repeat(900)}) { name } }`),
      ],
      'GRAPHQL_VALIDATION_FAILED',
      { check: ({ outcomes: [outcome] }) => void expect(outcome?.errors).toHaveLength(1) },
    ),
  },
  {
    id: 'C6-variables',
    fault: 'variables 20,000 levels deep, of a wrong type, named `__proto__`',
    promise: 'invalid variables are rejected with the code of their mistake',
    steps: [
      '['.repeat(20_000) + ']'.repeat(20_000),
      '{"a":'.repeat(9_000) + 1 + '}'.repeat(9_000),
      'null',
    ].map(
      (value): Step => ({
        act: async (testEnvironment) => {
          const text = 'query ($ids: [ID!]!) { artists(ids: $ids) { name } }';
          const body = `{"query":"${text}","variables":{"__proto__":{"ids":["x"]},"ids":${value}}}`;
          const { status, data, errors } = await send(testEnvironment, { body });
          expect({ status, data, codes: errors.map(({ extensions }) => extensions?.code) }).toEqual({
            status: 400,
            data: undefined,
            codes: ['BAD_USER_INPUT'],
          });
          return [];
        },
        api: 0,
        token: 0,
        says: { client: 'BAD_USER_INPUT (HTTP 400)' },
      }),
    ),
  },
  {
    id: 'C7',
    fault: 'introspection in production: flat, deep and recursive',
    promise: 'introspection is rejected in production',
    environment: production,
    steps: [
      ...refusals(
        [
          operation('{ __schema { queryType { name } } }'),
          operation('{ __type(name: "Artist") { fields { name } } }'),
          operation('{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }'),
        ],
        'GRAPHQL_VALIDATION_FAILED',
      ),
      ...refusals([operation(`{ __schema { types ${nested('ofType', 20)} } }`)], tooComplex),
    ],
  },
  {
    id: 'C8',
    fault: 'names misspelt, of a field, an argument, a type and a value',
    promise: 'no message in production suggests a name',
    environment: production,
    steps: [
      ...refusals(
        [
          operation('{ artst(id: "x") { name } }'),
          operation(`{ ${firstArtist} { nam } }`),
          operation('{ artist(idd: "x") { name } }'),
          operation('query ($m: Markt) { artist(id: "x") { name } }'),
          operation('{ search(q: "x", type: [ARTST]) { __typename } }'),
        ],
        'GRAPHQL_VALIDATION_FAILED',
        {
          check: ({ outcomes: [outcome] }) => void expect(outcome?.text).not.toMatch(/did you mean|suggest/i),
        },
      ),
      {
        act: async (testEnvironment) => {
          const text = 'query ($t: [SearchType!]) { search(q: \\"x\\", type: $t) { __typename } }';
          const outcome = await send(testEnvironment, {
            body: `{"query":"${text}","variables":{"t":["ARTST"]}}`,
          });
          expect(outcome.status).toBe(400);
          expect(outcome.text).not.toMatch(/did you mean|"ARTIST"/i);
          return [];
        },
        api: 0,
        aside: true,
      },
    ],
  },
  {
    id: 'C9',
    fault: 'a browser requests `/graphql`, `/graphiql` and `/` in production',
    promise: 'GraphiQL is not served in production',
    environment: production,
    steps: [
      {
        act: async (testEnvironment) => {
          for (const path of ['/graphql', '/graphql?query={__typename}', '/graphiql', '/']) {
            const { status, scripts } = await visit(testEnvironment, path);
            expect({ status: Math.floor(status / 100), scripts }, path).toEqual({
              status: 4,
              scripts: false,
            });
          }
          return [];
        },
        api: 0,
        token: 0,
        says: { client: '4xx, no IDE' },
      },
    ],
  },
  {
    id: 'C10',
    fault: 'array batches of 1, 2 and 1,000 operations',
    promise: 'a request with several operations is rejected',
    steps: [1, 2, 1_000].map((times) => request({ body: `[${Array(times).fill(query).join()}]` }, 400)),
  },
  {
    id: 'C11',
    fault: 'GET with the text of a document, and with a hash but no manifest, in production',
    promise: 'GET executes trusted documents only',
    environment: production,
    steps: [
      ...['?query={__typename}', '?query=mutation{__typename}'].map((end) =>
        request({ method: 'GET' }, 400, `/graphql${end}`),
      ),
      {
        ...request({ method: 'GET' }, 400, '/graphql?documentId=none'),
        client: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', status: 400 },
      },
    ],
  },
  {
    id: 'C12',
    fault:
      'POST as a form, with files, as text, as `application/graphql`, compressed, without a content type',
    promise: 'a request that any web page can send is not executed',
    steps: [
      typed('application/x-www-form-urlencoded', 'query={__typename}'),
      typed(
        'multipart/form-data; boundary=x',
        '--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n{a}\r\n--x--',
      ),
      typed('text/plain', query),
      typed('application/graphql', '{ __typename }'),
      typed('application/graphql+json', query),
      typed('application/json, text/plain', query),
      typed('', query),
      { headers: { 'content-encoding': 'gzip' }, body: gzipSync(query) },
      { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(20_000_000)) },
    ].map((init) => request(init, 415)),
  },
  {
    id: 'C13',
    fault: 'a body of 101 KB with its length; one without an end and without a length',
    promise: 'a body is read up to its limit only',
    steps: [
      request({ body: `{"query":"${'x'.repeat(101_000)}"}` }, 413),
      {
        act: async (testEnvironment) => {
          let sent = 0;
          const endless = new ReadableStream({
            pull(controller) {
              sent += 10_000;
              controller.enqueue(Buffer.alloc(10_000, 'x'));
            },
          });
          const outcome = await send(testEnvironment, { body: endless, duplex: 'half' } as RequestInit);
          expect(sent).toBeLessThanOrEqual(200_000); // the limit, and the buffers of the streams
          return [outcome];
        },
        client: { code: tooComplex, status: 413 },
        api: 0,
        token: 0,
        withinMs: 200,
      },
    ],
  },
  {
    id: 'C14',
    fault: '500 connections that drip their headers, or their body',
    promise: 'a client that sends slowly is disconnected within 10 s, and no other client waits',
    timeoutMs: 40_000,
    steps: [
      {
        act: async (testEnvironment) => {
          const { port, server } = await listen(testEnvironment, dripLimits);
          const drips = await Promise.all(
            range(500).map((n) =>
              openSocket(
                port,
                n % 2 === 0
                  ? 'POST /graphql HTTP/1.1\r\nhost: gateway\r\nx-drip'
                  : 'POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"que',
              ),
            ),
          );
          const startedMs = stopwatchMs();
          const drip = setInterval(() => {
            for (const { write } of drips) write('x');
          }, 500);
          const times: number[] = [];
          const connections = () =>
            new Promise<number>((found) => server.getConnections((_, count) => found(count)));
          while ((await connections()) > 0) {
            const requestStartMs = stopwatchMs();
            const agent = new Agent({ keepAlive: false });
            const { status } = await exchange(port, '/graphql', {
              method: 'POST',
              headers: { 'content-type': 'application/json', connection: 'close' },
              body: query,
              agent,
            });
            times.push(stopwatchMs() - requestStartMs);
            expect(status).toBe(200);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          clearInterval(drip);
          await Promise.all(drips.map(({ closed }) => closed)); // the server can close them before they have read its responses
          expect(stopwatchMs() - startedMs).toBeLessThan(
            testEnvironment.limitMs(cutOffMs(dripLimits) + 1_000),
          );
          expect(cutOffMs(serverOptions)).toBeLessThanOrEqual(10_000);
          expect(percentile(times, 0.99)).toBeLessThan(testEnvironment.limitMs(200));
          const responses = drips.map(({ received }) => received().split('\r\n')[0]);
          // A client that has just sent another byte gets a reset, which can overtake the response.
          const received = responses.filter((response) => response !== '');
          expect(new Set(received)).toEqual(new Set(['HTTP/1.1 408 Request Timeout']));
          expect(received.length).toBeGreaterThan(drips.length / 2);
          return [];
        },
        api: 0,
        says: { client: '408, closed', within: '≤ 11,000 ms, others p99 ≤ 200 ms' },
      },
    ],
  },
  {
    id: 'C15',
    fault: 'ids that are paths, queries, fragments, links to other hosts, of other kinds, of 90 KB',
    promise: 'an invalid id is never part of a URL',
    steps: invalidIdSteps(invalidIds),
  },
  {
    id: 'C17',
    fault: 'cursors that are numbers, queries, 10 KB, of another version',
    promise: 'a list rejects a cursor that the gateway did not create, without a call',
    warm: [artist(0)],
    steps: invalidCursors.map((after) => ({
      execute: operation(
        `query ($after: String) { ${firstArtist} { albums(after: $after) { totalCount } } }`,
        { after },
        { artist: { albums: null } },
      ),
      client: 'BAD_USER_INPUT',
      withinMs: 100,
      api: 0,
    })),
  },
  {
    id: 'C18',
    fault: 'invalid markets',
    promise: 'an invalid market is rejected before anything runs',
    steps: ['XX', 'us', '../', 'X'.repeat(2_000)].map((market) => ({
      execute: operation(
        `query ($m: Market) { album(id: "${albumId(0)}", market: $m) { name } }`,
        { m: market },
        { album: null },
      ),
      client: 'BAD_USER_INPUT',
      withinMs: 100,
      api: 0,
      token: 0,
    })),
  },
  {
    id: 'C21',
    fault: '`Origin: https://evil.example`, `Origin: null`',
    promise: 'a page of another origin cannot read a response',
    environment: { CORS_ORIGINS: 'https://app.example,https://b.example' },
    steps: ['https://evil.example', 'null', 'https://app.example.evil.example'].map((origin) => ({
      act: async (testEnvironment) => {
        const outcome = await send(testEnvironment, { headers: { origin }, body: query });
        const allows = [...outcome.headers.keys()].filter((name) => name.startsWith('access-control-'));
        expect(allows).toEqual([]);
        return [outcome];
      },
      truth: typename,
      client: 'ok',
      says: { client: 'no Access-Control headers' },
    })),
  },
  {
    id: 'C22',
    fault: 'the client sends credentials, a cookie and headers of proxies',
    promise: 'nothing that a client sends is passed on to Spotify',
    steps: [
      {
        act: async (testEnvironment) => {
          const headers = {
            authorization: 'Bearer of-the-client',
            cookie: 'a=of-the-client',
            'x-forwarded-host': 'of-the-client.example',
            'x-forwarded-for': '203.0.113.7',
            traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          };
          const { query: text, variables } = artist(1);
          const body = JSON.stringify({ query: text, variables });
          return [{ ...(await send(testEnvironment, { headers, body })), operation: artist(1) }];
        },
        client: 'ok',
        api: 1,
        token: 1,
        check({ api, token }) {
          const sent = [...api, ...token].flatMap(({ headers }) => Object.entries(headers));
          const names = sent.map(([name]) => name);
          for (const name of ['cookie', 'traceparent', 'x-forwarded-for', 'x-forwarded-host'])
            expect(names).not.toContain(name);
          expect(sent.filter(([, value]) => /of-the-client|203\.0\.113\.7/.test(value))).toEqual([]);
        },
        says: { spotify: 'none of these headers' },
      },
    ],
  },
  {
    id: 'C24',
    fault: 'a stitching parent merges 60 root fields by aliases',
    promise: 'a document of a parent that merges many fields is executed',
    steps: [
      {
        execute: operation(
          `{ ${range(60)
            .map((n) => `_v${n}_track: track(id: "${trackId(n % 50)}") { name }`)
            .join(' ')} }`,
          {},
          Object.fromEntries(
            range(60).map((n) => [`_v${n}_track`, { name: catalogue.track(trackId(n % 50))?.name }]),
          ),
        ),
        client: 'ok',
        api: 50,
        token: 1,
      },
    ],
  },
  {
    id: 'C26',
    fault: '`@defer`, `@stream`, a subscription, a mutation, an operation that the document lacks',
    promise: 'a feature that the gateway does not have is rejected',
    steps: [
      ...refusals(
        [operation('{ ... @defer { __typename } }'), operation(`{ ${firstArtist} { genres @stream } }`)],
        'GRAPHQL_VALIDATION_FAILED',
      ),
      ...refusals([operation('subscription { __typename }')], 'BAD_REQUEST'),
      request({ body: '{"query":"query a { __typename }","operationName":"b"}' }, 400),
      request({ body: '{"query":"mutation { __typename }"}' }, 400),
    ],
  },
  {
    id: 'C27',
    fault: 'bodies that are no JSON, no object, or have no query',
    promise: 'a request that is not a GraphQL request gets BAD_REQUEST',
    steps: ['', '{', 'null', '7', '{}', '{"query":7}', '{"query":"{a}","variables":7}'].map((body) =>
      request({ body }, 400),
    ),
  },
  {
    id: 'C28',
    fault: 'valid ids that no object has',
    promise: 'an unknown id costs one call a minute, however many operations select it',
    steps: [{ execute: artist(unknownId(1)), client: 'ok', times: 20, manner: 'in turn', api: 1, token: 1 }],
  },
  {
    id: 'C29',
    fault:
      'responses that fragments and aliases multiply: entities, images, introspection, the SDL 2,400 times',
    promise: 'the fields of a response are counted before anything runs',
    steps: refusals(
      [
        operation(
          `query ($r: [_Any!]!) { ${repeated('a#: _entities(representations: $r) { __typename }', 100)} }`,
          { r: Array(2_000).fill({ __typename: 'X', id: '1' }) },
        ),
        operation(
          `{ search(q: "the") { tracks(first: 100) { nodes { album { ...A } } } } }
           fragment A on Album { ${repeated('a#: images { ...I }', 40)} } fragment I on Image { ${repeated('u#: url', 40)} }`,
        ),
        operation(
          `{ __schema { types { ...T } } } fragment T on __Type { ${repeated('a#: fields { ...F }', 40)} }
           fragment F on __Field { ${repeated('n#: name', 40)} }`,
        ),
        operation(
          `{ ${repeated('a#: _service { ...S }', 50)} } fragment S on _Service { ${repeated('s#: sdl', 48)} }`,
        ),
      ],
      tooComplex,
      { withinMs: 1_000 },
    ),
  },
  {
    id: 'C30',
    fault: 'thousands of mistakes behind tens of thousands of empty lines: bad ids, nulls in a variable',
    promise: 'the number of errors is bounded, and each has its position',
    steps: [
      ...refusals(
        [
          operation(
            `${'\n'.repeat(40_000)}query ($i: [ID!]!) { ${repeated('a#: nodes(ids: $i) { id }', 100)} }`,
            { i: Array(100).fill('no id') },
          ),
        ],
        tooComplex,
        { withinMs: 1_000 },
      ),
      {
        act: async (testEnvironment) => {
          const text = `${'\n'.repeat(30_000)}query ($i: [ID!]!) { artists(ids: $i) { id } }`;
          const body = JSON.stringify({ query: text, variables: { i: Array(5_000).fill(null) } });
          const { status, errors } = await send(testEnvironment, { body });
          expect({ status, errors: errors.length }).toEqual({ status: 400, errors: 11 });
          return [];
        },
        api: 0,
        token: 0,
        withinMs: 1_000,
        says: { client: 'BAD_USER_INPUT (HTTP 400)' },
      },
    ],
  },
];

faultSuite('C', 'Clients', cases);
