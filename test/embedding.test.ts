import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Executor } from '@graphql-tools/utils';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import { createGateway } from '../src/gateway.ts';
import type { GatewayOptions } from '../src/gateway-options.ts';
import { createWorkerGateway } from '../src/worker.ts';
import { startClock } from './support/clock.ts';
import { startGateway, type TestGateway, withSandbox } from './support/gateway.ts';
import { postJson } from './support/post-json.ts';
import { artistQuery, artists, catalogue, startInMode } from './support/schema-tests.ts';
import { temporaryFolder } from './support/temporary-files.ts';
import { portOf } from './support/test-server.ts';

/** The gateway inside another program: as a function from Request to Response, as an executor, and twice in one process. */

const { bts } = artists;
const otherArtistIds = catalogue
  .artists()
  .map(({ id }) => id)
  .filter((id) => id !== bts);
const artistResult = { data: { artist: { name: 'BTS' } } };

const post = (body: string | ReadableStream, init: RequestInit & { duplex?: 'half' } = {}) =>
  new Request('https://elsewhere.example/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    ...init,
  });

describe('a function from Request to Response', () => {
  test('the fetch handler responds without a server to bodies that are texts or streams', async () => {
    const { gateway } = await startInMode('development');
    const body = JSON.stringify({ query: artistQuery });

    const toText = await gateway.handler.fetch(post(body));
    const toStream = await gateway.handler.fetch(
      post(new Blob([body]).stream() as ReadableStream, { duplex: 'half' }),
    );

    expect(toText.status).toBe(200);
    expect(toText.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await toText.json()).toEqual(artistResult);
    expect(await toStream.json()).toEqual(artistResult);
  });

  test('another server can return the response of the fetch handler, with its body, status and headers', async () => {
    const { gateway } = await startInMode('development');

    const refused = await gateway.handler.fetch(
      post(artistQuery, { headers: { 'content-type': 'text/plain' } }),
    );
    const copy = new Response(refused.body, refused);

    expect(copy.status).toBe(415);
    expect(copy.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await copy.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });
});

describe('an executor', () => {
  const executeIn = async (document: string, of: Awaited<ReturnType<typeof startInMode>>, more = {}) =>
    JSON.parse(JSON.stringify(await of.gateway.execute({ document: parse(document), ...more })));

  test('the executor has the same result as over HTTP, without the data that is meant for HTTP', async () => {
    const started = await startInMode('development');
    expect(await executeIn(artistQuery, started)).toEqual(artistResult);
    expect(
      await executeIn('query ($id: ID!) { artist(id: $id) { name } }', started, { variables: { id: bts } }),
    ).toEqual(artistResult);
    expect(
      await executeIn(`query A ${artistQuery} query B { __typename }`, started, { operationName: 'B' }),
    ).toEqual({
      data: { __typename: 'Query' },
    });
    expect(started.apiCalls()).toHaveLength(1);
  });

  test.each(['Int! = 2', 'Int = 2'])(
    'a variable of type %s that is undefined has its default value',
    async (type) => {
      const started = await startInMode('development');
      const document = `query ($first: ${type}) { search(q: "the") { tracks(first: $first) { nodes { id } } } }`;
      for (let run = 1; run <= 3; run += 1) {
        const { data, errors } = await executeIn(document, started, { variables: { first: undefined } });
        expect([errors, data?.search.tracks.nodes.length]).toEqual([undefined, 2]);
      }
    },
  );

  test.each([
    ['an unknown field', '{ nobody }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a missing variable', 'query ($id: ID!) { artist(id: $id) { name } }', 'BAD_USER_INPUT'],
    [
      'several operations without an operation name',
      'query A { __typename } query B { __typename }',
      'BAD_REQUEST',
    ],
    [
      'more calls than an operation may plan',
      `{ ${otherArtistIds
        .slice(0, 101)
        .map((id, i) => `a${i}: node(id: "${id}") { id }`)
        .join(' ')} }`,
      'QUERY_TOO_COMPLEX',
    ],
  ])(
    'the executor rejects %s with the same code as over HTTP, before the operation runs',
    async (_, document, code) => {
      const started = await startInMode('development');

      const { data, errors } = await executeIn(document, started);
      const overHttp = await started.execute(document);

      expect(data).toBeUndefined();
      expect(errors.map(({ extensions }: { extensions: object }) => extensions)).toEqual(
        overHttp.errors.map(({ extensions }) => extensions),
      );
      expect(errors[0].extensions.code).toBe(code);
      expect(overHttp.status).toBe(400); // also after the executor has rejected the same document
      expect(started.apiCalls()).toEqual([]);
    },
  );

  test('the executor has the type of a graphql-tools executor, and its data has the type of a typed document', async () => {
    const { gateway, apiCalls } = await startInMode('development');
    const executor: Executor = gateway.execute;
    const typed: TypedDocumentNode<{ artist: { name: string } }, Record<string, never>> = parse(artistQuery);

    const byExecutor = await executor({ document: typed });
    const { data } = await gateway.execute({ document: typed });

    expect(byExecutor).toMatchObject(artistResult);
    expect(data?.artist.name satisfies string | undefined).toBe('BTS');
    expect(apiCalls()).toEqual([`/artists/${bts}`]);
  });

  test('an operation rejects with the reason of its aborted signal, and its unsent calls are never sent', async () => {
    const { gateway, execute, sandbox, apiCalls } = await startInMode('development', {
      UPSTREAM_CONCURRENCY: '2',
    });
    sandbox.faults.add({ fault: { kind: 'delay', ms: 200 } });
    const controller = new AbortController();
    const reason = new Error('nobody waits any more');

    const response = gateway.execute({
      document: parse('query ($ids: [ID!]!) { artists(ids: $ids) { name } }'),
      variables: { ids: otherArtistIds.slice(0, 20) },
      signal: controller.signal,
    });
    while (apiCalls().length < 2) await new Promise(setImmediate);
    controller.abort(reason);

    await expect(response).rejects.toBe(reason);
    expect((await execute(artistQuery)).data).toEqual(artistResult.data); // queued behind the calls of the aborted operation
    const sent = [...otherArtistIds.slice(0, 2), bts].map((id) => `/artists/${id}`);
    expect(apiCalls().toSorted()).toEqual(sent.toSorted());
  });

  test.each([{}, { query: artistQuery }, { document: null }])(
    'the executor states that an operation needs a document: %o',
    async (operation) => {
      const { gateway, logged } = await startInMode('development');
      const { data, errors } = await gateway.execute(operation as never);
      expect({ data, codes: errors?.map(({ extensions }) => extensions['code']) }).toEqual({
        data: undefined,
        codes: ['BAD_REQUEST'],
      });
      expect(errors?.[0]?.message).toContain('"document"');
      expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );

  test('an operation whose signal is already aborted sends no call', async () => {
    const { gateway, apiCalls } = await startInMode('development');
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(gateway.execute({ document: parse(artistQuery), signal })).rejects.toThrow('too late');
    expect(apiCalls()).toEqual([]);
  });
});

describe('two gateways in one process', () => {
  const operationCounters = async ({ gateway }: TestGateway) =>
    (await gateway.metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('spotify_graphql_operations_total'));

  test('two gateways in one process share no cached response, capability, back-off, log or metric', async () => {
    const one = await withSandbox({}, { quotaMode: 'development', catalogue });
    const other = await withSandbox({}, { quotaMode: 'extended', catalogue });
    const query = `{ artist(id: "${bts}") { name popularity albums(first: 20) { totalCount } } }`;

    one.sandbox.faults.add({ fault: { kind: 'rate-limit', retryAfterSeconds: 60 } });
    const rateLimited = await one.execute(query);
    const countersBefore = await operationCounters(other);
    const served = await other.execute(query);

    expect(rateLimited.errors.map(({ extensions }) => extensions?.['code'])).toContain(
      'UPSTREAM_RATE_LIMITED',
    );
    expect(countersBefore).toEqual([]);
    expect(served.errors).toEqual([]);
    expect(served.data).toMatchObject({ artist: { name: 'BTS', albums: { totalCount: 104 } } });
    expect(other.apiCalls()).toHaveLength(2);
    for (const [gateway, outcome] of [
      [one, 'errors'],
      [other, 'ok'],
    ] as const) {
      expect(await operationCounters(gateway)).toEqual([
        `spotify_graphql_operations_total{outcome="${outcome}"} 1`,
      ]);
      expect(gateway.logged.filter(({ message }) => message === 'operation')).toHaveLength(1);
    }
  });

  test('a gateway that drains or is disposed of leaves another one in the process ready and serving', async () => {
    const { sandbox, gateway, fetch } = await startInMode('development');
    const other = startGateway(sandbox, { SPOTIFY_QUOTA_MODE: 'development' });

    gateway.drain();
    expect((await fetch('/ready')).status).toBe(503);
    expect((await other.fetch('/ready')).status).toBe(200);

    await gateway.dispose();
    expect((await other.execute(artistQuery)).data).toEqual(artistResult.data);
  });

  test('a gateway that is disposed of without a drain is not ready, and rejects operations over HTTP as overloaded', async () => {
    const { gateway, execute, fetch } = await startInMode('development');
    expect((await execute(artistQuery)).data).toEqual(artistResult.data);
    await Promise.all([gateway.dispose(), gateway.dispose()]);
    expect((await fetch('/ready')).status).toBe(503);
    expect((await fetch('/graphql', postJson({ query: artistQuery }))).status).toBe(503);
  });

  test('an operation that the executor starts after the gateway was disposed of is rejected as overloaded, without a call', async () => {
    const { gateway, sandbox } = await startInMode('development');
    const disposal = gateway.dispose();
    const execute = () => gateway.execute({ document: parse(artistQuery) });
    const duringDisposal = execute();
    await disposal;
    for (const { data, errors } of [await duringDisposal, await execute()]) {
      expect(data).toBeUndefined();
      expect(errors?.map(({ extensions }) => extensions)).toEqual([{ code: 'OVERLOADED' }]);
      expect(errors?.[0]?.message).toContain('shutting down');
    }
    expect(sandbox.calls()).toEqual([]);
  });

  test('an operation that runs while the gateway is disposed of states that the gateway is shutting down', async () => {
    const { gateway, sandbox, apiCalls, logged } = await startInMode('development', {
      UPSTREAM_CONCURRENCY: '2',
    });
    sandbox.faults.add({ fault: { kind: 'delay', ms: 300 } });
    const ids = otherArtistIds.slice(0, 30);
    const running = gateway.execute({
      document: parse('query ($ids: [ID!]!) { artists(ids: $ids) { name } }'),
      variables: { ids },
    });
    await expect.poll(() => apiCalls().length).toBe(2);
    const startMs = performance.now();
    await gateway.dispose();
    const { errors = [] } = await running;
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set(['OVERLOADED']));
    expect(errors[0]?.message).toContain('shutting down');
    expect(apiCalls()).toHaveLength(2); // queued calls are not sent, and no call is repeated
    expect(logged.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  test('an operation that waits for the token while the gateway is disposed of does not state that Spotify cannot be reached', async () => {
    const { gateway, sandbox, logged } = await startInMode('development');
    sandbox.faults.add({ on: { route: 'token' }, fault: { kind: 'stall' } });
    const running = gateway.execute({ document: parse(artistQuery) });
    await expect.poll(() => sandbox.calls().length).toBe(1);
    await gateway.dispose();
    const { errors } = await running;
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['OVERLOADED']);
    expect(sandbox.calls()).toHaveLength(1);
    expect(logged.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  test('a gateway that is disposed of requests no token while it waits for its last calls', async () => {
    const clock = startClock();
    const { gateway, sandbox, apiCalls, logged } = await startInMode('development', {
      DATA_DIR: temporaryFolder(),
      REQUEST_TIMEOUT_MS: '60000',
    });
    await gateway.execute({ document: parse(`{ artist(id: "${otherArtistIds[0]}") { name } }`) });
    await clock.pass(3_530);
    sandbox.clearCalls();
    sandbox.faults.add({ on: { route: 'albums' }, fault: { kind: 'delay', ms: 1_000 } });
    sandbox.faults.add({ on: { route: 'artists' }, fault: { kind: 'delay', ms: 3_000 } });
    const album = catalogue.albums().find(({ artistIds: [first] }) => first === bts);
    const running = gateway.execute({
      document: parse(`{
        artist(id: "${otherArtistIds[1]}") { name }
        album(id: "${album?.id}") { artists { images { url } } }
      }`),
    });
    await expect.poll(() => apiCalls().length).toBe(2);
    const [albumCall] = sandbox.calls().filter(({ route }) => route === 'albums');
    const sinceMs = performance.now() - (albumCall?.atMs ?? 0);
    await sleep(850 - sinceMs); // the album arrives while the gateway waits for its last calls, for at most 300 ms
    await clock.pass(20); // from here on the next call renews the token
    await gateway.dispose();
    const { errors } = await running;
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['OVERLOADED', 'OVERLOADED']);
    expect(sandbox.calls()).toHaveLength(2);
    expect(logged.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});

/** A gateway over the sandbox in development mode, with options that no variable of the environment sets. */
async function embedded(more: Partial<GatewayOptions> = {}) {
  const { sandbox, apiCalls } = await withSandbox({}, { quotaMode: 'development', catalogue });
  const gateway = createGateway({ ...readConfig(sandbox.environment).gateway, ...more });
  onTestFinished(gateway.dispose);
  return { gateway, apiCalls };
}

/** The address of a server with this listener. */
const serve = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await portOf(listener)}`;

describe('a gateway with the endpoint /api/graphql', () => {
  const visit = { accept: 'text/html' };

  test('a gateway with an endpoint of its own has its other routes beside it, and nothing at the default paths', async () => {
    const { gateway, apiCalls } = await embedded({ endpoint: '/api/graphql' });
    const execute = (path: string, init?: RequestInit) =>
      gateway.handler.fetch(`https://elsewhere.example${path}`, init ?? {});
    const post = postJson({ query: artistQuery });

    expect(await (await execute('/api/graphql', post)).json()).toEqual(artistResult);
    const redirect = await execute('/api/graphql/?a=1');
    expect([redirect.status, redirect.headers.get('location')]).toEqual([308, '/api/graphql?a=1']);
    expect(await (await execute('/api/graphql', { headers: visit })).text()).toContain(
      'window.gatewayFetcher',
    );
    const home = await (await execute('/api/')).text();
    const links = Array.from(home.matchAll(/<a href="([^"]+)"/g), ([, path = '']) => path);
    expect(links).toContain('/api/docs/errors.md');
    for (const path of [...links, '/api/health', '/api/ready', '/api/metrics', '/api/schema.graphql']) {
      expect((await execute(path, { headers: visit })).status, path).toBe(200);
    }
    for (const path of [
      '/graphql',
      '/graphql/',
      '/',
      '/health',
      '/metrics',
      '/schema.graphql',
      '/docs/errors.md',
    ]) {
      expect((await execute(path)).status, path).toBe(404);
    }
    expect(await (await execute('/graphql', post)).text()).toContain(
      'The GraphQL endpoint is /api/graphql; the other paths are /api/health, /api/ready, /api/metrics, /api/schema.graphql, /api/.',
    );
    expect(apiCalls()).toEqual([`/artists/${bts}`]);
  });

  test('a gateway with an endpoint of its own also serves this path below a server that shortens the request path', async () => {
    const { gateway, apiCalls } = await embedded({ endpoint: '/api/graphql' });
    for (const part of [gateway.listener, gateway.handler]) {
      const address = await serve((request, response) => {
        part(Object.assign(request, { originalUrl: request.url, url: '/' }), response);
      });
      const response = await fetch(`${address}/api/graphql`, postJson({ query: artistQuery }));
      expect(await response.json()).toEqual(artistResult);
    }
    expect(apiCalls()).toEqual([`/artists/${bts}`]);
  });
});

test.each(['', 'graphql', '/', '/graphql/', '//graphql', '/a?b', '/a/../b', '/:id', '/a b', '/api/*'])(
  'the endpoint %j is rejected when the gateway is created, because it is not a valid path',
  (endpoint) => {
    const { gateway: options } = readConfig({ SPOTIFY_CLIENT_ID: 'a', SPOTIFY_CLIENT_SECRET: 'b' });
    expect(() => createGateway({ ...options, endpoint })).toThrow(
      /^The option "endpoint" must be a path such as/,
    );
  },
);

test.each(['/health', '/api/ready', '/metrics', '/schema.graphql', '/docs'])(
  'the endpoint %s is rejected when the gateway is created, because another route has this path',
  (endpoint) => {
    const { gateway: options } = readConfig({ SPOTIFY_CLIENT_ID: 'a', SPOTIFY_CLIENT_SECRET: 'b' });
    expect(() => createGateway({ ...options, endpoint })).toThrow(/^The option "endpoint" must not end with/);
  },
);

test('a gateway without a log of its own runs an operation with one call', async () => {
  const { gateway, apiCalls } = await embedded();
  expect(await gateway.execute({ document: parse(artistQuery) })).toMatchObject(artistResult);
  expect(apiCalls()).toEqual([`/artists/${bts}`]);
});

test('a gateway without credentials is rejected when it is created, and the message names the sandbox', () => {
  const { gateway: options } = readConfig({});
  expect(() => createGateway(options)).toThrow(/SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET.*startSandbox/);
});

test.each([
  ['no options', undefined],
  ['the whole configuration', readConfig({ SPOTIFY_CLIENT_ID: 'a1', SPOTIFY_CLIENT_SECRET: 'b2' })],
])('a gateway that is created with %s is rejected with a message that names the option', (_, options) => {
  expect(() => createGateway(options as unknown as GatewayOptions)).toThrow('pass `readConfig(…).gateway`');
  expect(() => createWorkerGateway(options as unknown as GatewayOptions)).toThrow(
    'pass `readConfig(…).gateway`',
  );
});

test.each([
  ['requestTimeoutMs', Number.POSITIVE_INFINITY], // a timer of Node would end at once
  ['requestTimeoutMs', '8000'],
  ['maxUpstreamCalls', Number('1OO')], // no number is above NaN, so the limit would be off
  ['maxAnswerFields', undefined],
  ['maxAnswerBytes', 0],
  ['spotify.timeoutMs', Number.POSITIVE_INFINITY],
  ['spotify.concurrency', 0], // every call would wait until the deadline
  ['spotify.rateLimit', Number.NaN],
  ['spotify.freshMs', Number.NaN],
  ['spotify.staleMs', -1],
])(
  'a gateway is rejected when it is created if its option %s is %o, and the message names the option',
  (name, value) => {
    const { gateway: options } = readConfig({ SPOTIFY_CLIENT_ID: 'a', SPOTIFY_CLIENT_SECRET: 'b' });
    const isOfSpotify = name.startsWith('spotify.');
    const changed = { [name.replace('spotify.', '')]: value };
    const wrong = isOfSpotify
      ? { ...options, spotify: { ...options.spotify, ...changed } }
      : { ...options, ...changed };
    for (const create of [createGateway, createWorkerGateway])
      expect(() => create(wrong)).toThrow(
        new RegExp(`^The option "${name}" must be a number from ${/freshMs|staleMs/.test(name) ? 0 : 1} `),
      );
  },
);

test('a gateway is rejected when it is created if a daily limit is no number, and the message names the family', () => {
  const { gateway: options } = readConfig({ SPOTIFY_CLIENT_ID: 'a', SPOTIFY_CLIENT_SECRET: 'b' });
  const spotify = { ...options.spotify, dailyLimits: new Map([['search', Number.NaN]]) };
  for (const create of [createGateway, createWorkerGateway])
    expect(() => create({ ...options, spotify })).toThrow(
      'The option "spotify.dailyLimits search" must be a number from 2 up, but is NaN.',
    );
});

test.each(['', 'x real ip', 'x-real-ip:'])(
  'a gateway is rejected when it is created if no request can have its clientAddressHeader %j',
  (clientAddressHeader) => {
    const { gateway: options } = readConfig({ SPOTIFY_CLIENT_ID: 'a', SPOTIFY_CLIENT_SECRET: 'b' });
    for (const create of [createGateway, createWorkerGateway])
      expect(() => create({ ...options, clientAddressHeader })).toThrow(
        'The option "clientAddressHeader" must be the name of a header',
      );
  },
);

describe('behind a body parser', () => {
  /** Like `express.json()`: reads the body, and sets `body` to its data. */
  const parser =
    (next: RequestListener, parse: (text: string) => unknown = JSON.parse): RequestListener =>
    async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      next(Object.assign(request, { body: parse(text) }), response);
    };
  const send = async (address: string, query: string) => {
    const response = await fetch(`${address}/graphql`, {
      ...postJson({ query }),
      signal: AbortSignal.timeout(5_000),
    });
    return { status: response.status, ...(await response.json()) };
  };

  test.each([
    ['data', JSON.parse],
    ['text', (text: string) => text],
    ['bytes', (text: string) => Buffer.from(text)],
  ])(
    'listener and handler execute the operation that a body parser has read as %s, with one call',
    async (_, parse) => {
      const { gateway, apiCalls } = await embedded();
      for (const part of [gateway.listener, gateway.handler]) {
        expect(await send(await serve(parser(part, parse)), artistQuery)).toEqual({
          status: 200,
          ...artistResult,
        });
      }
      expect(apiCalls()).toEqual([`/artists/${bts}`]);
    },
  );

  test('the listener rejects a body that a parser has read and discarded, with a message about the body parser', async () => {
    const { gateway, apiCalls } = await embedded();
    const address = await serve(parser(gateway.listener, () => undefined));
    expect(await send(address, artistQuery)).toMatchObject({
      status: 400,
      errors: [{ message: expect.stringContaining('body parser'), extensions: { code: 'BAD_REQUEST' } }],
    });
    expect(apiCalls()).toEqual([]);
  });

  test('the listener rejects a body above its limit that a body parser has read', async () => {
    const { gateway, apiCalls } = await embedded();
    const address = await serve(parser(gateway.listener, () => ({ query: '#'.repeat(1_000_000) })));
    expect(await send(address, artistQuery)).toMatchObject({
      status: 413,
      errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }],
    });
    expect(apiCalls()).toEqual([]);
  });
});
