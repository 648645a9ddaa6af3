import { type RequestListener, request as send } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createYoga } from 'graphql-yoga';
import { describe, expect, test, vi } from 'vitest';
import type { RequestContext } from '../../src/http/entry-point.ts';
import { createExecuteAndCache } from '../../src/http/execute-and-cache.ts';
import { createFastPath, type ReceivedPost } from '../../src/http/fast-path.ts';
import { useExecuteOperation } from '../../src/http/plugins/execute-operation.ts';
import { createResponseCache } from '../../src/http/response-cache.ts';
import type { Client } from '../../src/operation/request.ts';
import { schema } from '../../src/schema/index.ts';
import { retryWhileShed, startClock } from '../support/clock.ts';
import { withSandbox } from '../support/gateway.ts';
import { exchangeOnce } from '../support/process.ts';
import { refusalsOf } from '../support/refusals.ts';
import { artists, tracks, unknownId } from '../support/schema-tests.ts';
import { manifestOf } from '../support/temporary-files.ts';
import { portOf } from '../support/test-server.ts';

/** The fast path sends the same response as yoga, byte for byte. */

const bts = artists.bts;
const page = `{ artist(id: "${bts}") { name albums(first: 3) { nodes { name } } } }`;
const json = (params: unknown) => JSON.stringify(params);

interface Sent {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

const requests: Record<string, Sent> = {
  'a page': { body: json({ query: page }) },
  'a page, for a client that accepts application/graphql-response+json': {
    headers: { accept: 'application/graphql-response+json, application/json;q=0.9' },
    body: json({ query: page }),
  },
  'a supported media type in capitals': {
    headers: { accept: 'APPLICATION/JSON' },
    body: json({ query: page }),
  },
  'an unsupported media type': { headers: { accept: 'text/html' }, body: json({ query: page }) },
  'any media type': { headers: { accept: 'text/html, */*' }, body: json({ query: page }) },
  variables: {
    body: json({ query: 'query A($id: ID!) { artist(id: $id) { name } }', variables: { id: bts } }),
  },
  'the name of one of two operations': {
    body: json({
      query: `query A { artist(id: "${bts}") { name } } query B { __typename }`,
      operationName: 'A',
    }),
  },
  'an unknown operation name': {
    body: json({ query: `query A { __typename } query B { __typename }`, operationName: 'C' }),
  },
  'an unknown artist': { body: json({ query: `{ artist(id: "${unknownId}") { name } }` }) },
  'an invalid id': { body: json({ query: `{ album(id: "no") { name } }` }) },
  'an unknown field': { body: json({ query: '{ nothing }' }) },
  'a syntax error': { body: json({ query: '{' }) },
  'a missing variable': { body: json({ query: 'query A($id: ID!) { artist(id: $id) { name } }' }) },
  'too many fields': {
    body: json({ query: `{ ${'__typename '.repeat(3_000)} }` }),
    headers: { accept: 'application/graphql-response+json' },
  },
  'no query': { body: json({ variables: {} }) },
  'an unknown property': { body: json({ query: page, stranger: true }) },
  'a batch': { body: json([{ query: page }]) },
  'no JSON': { body: '{"query":' },
  'JSON that is null': { body: 'null' },
  'an empty body': { body: '' },
  'another type of body': { headers: { 'content-type': 'text/plain' }, body: json({ query: page }) },
  'an encoded body': { headers: { 'content-encoding': 'gzip' }, body: json({ query: page }) },
  'too large a body': { body: json({ query: page, variables: { pad: 'x'.repeat(100_000) } }) },
  'a query in the URL': { path: '/graphql?x=1', body: json({ query: page }) },
  'another path': { path: '/graph', body: json({ query: page }) },
  'a GET': { method: 'GET', path: `/graphql?query=${encodeURIComponent(page)}` },
  'another method': { method: 'PUT', body: json({ query: page }) },
};

async function serve(listener: RequestListener) {
  const port = await portOf(listener);
  return async ({ path = '/graphql', headers: sent, ...request }: Sent) => {
    const headers = { 'content-type': 'application/json', ...sent };
    const {
      status,
      headers: received,
      text,
    } = await retryWhileShed(() => exchangeOnce(port, path, { method: 'POST', ...request, headers }));
    // Every response has another date and another request id.
    const { date: _, 'x-request-id': __, ...rest } = received;
    return { status, headers: rest, text };
  };
}

async function startBoth(environment: Record<string, string> = {}) {
  const gateway = await withSandbox(environment);
  const { listener, handler } = gateway.gateway;
  return { ...gateway, fast: await serve(listener), yoga: await serve(handler) };
}

describe('a plain request', () => {
  test.each(['listener', 'handler'] as const)(
    'a request without a JSON object gets a message from the %s about the format of a body, and is counted',
    async (part) => {
      const { gateway, sandbox } = await withSandbox();
      const execute = await serve(gateway[part]);
      for (const body of ['{"query":', 'null', '7', ''])
        expect(JSON.parse((await execute({ body })).text)).toEqual({
          errors: [
            {
              message:
                'The body is not a JSON object: send JSON such as {"query": "{ __typename }"} with the header Content-Type: application/json.',
              extensions: { code: 'BAD_REQUEST' },
            },
          ],
        });
      expect((await execute({ body: 'x'.repeat(100_001) })).status).toBe(413);
      expect(await refusalsOf(gateway)).toEqual([
        ['BAD_REQUEST', 4],
        ['QUERY_TOO_COMPLEX', 1],
      ]);
      expect(sandbox.calls()).toEqual([]);
    },
  );

  test.each(Object.entries(requests))(
    'the fast path and yoga send the same response to a request: %s',
    async (_, request) => {
      const { fast, yoga } = await startBoth();
      const responses = [await yoga(request), await fast(request), await fast(request)];
      expect(responses[1]).toEqual(responses[0]);
      expect(responses[2]).toEqual(responses[0]);
    },
  );

  test('the fast path executes trusted documents by their hash, and no other documents if there are trusted ones', async () => {
    const hash = 'a'.repeat(64);
    const { fast, yoga, sandbox } = await startBoth({ TRUSTED_DOCUMENTS: manifestOf({ [hash]: page }) });
    const refused = [{ body: json({ query: page }) }, { body: json({ query: page, variables: {} }) }];
    for (const request of refused) {
      const response = await fast(request);
      expect(response).toEqual(await yoga(request));
      expect(response.text).toContain('Only trusted documents are executed here');
    }
    expect(sandbox.calls()).toEqual([]);
    const trusted = { body: json({ documentId: hash }) };
    const response = await fast(trusted);
    expect(response).toEqual(await yoga(trusted));
    expect(JSON.parse(response.text).data.artist.name).toBe('BTS');
  });

  test.each([
    { NODE_ENV: 'production' },
    { CORS_ORIGINS: 'https://app.example' },
    { MAX_UPSTREAM_CALLS: '1' },
  ])('the fast path and yoga send the same responses with %o', async (environment) => {
    const { fast, yoga } = await startBoth(environment);
    for (const request of [
      { body: json({ query: page }) },
      { body: json({ query: page }), headers: { origin: 'https://app.example' } },
      { body: json({ query: '{ __schema { queryType { name } } }' }) },
      { body: json({ query: '{ artst }' }) },
    ]) {
      expect(await fast(request)).toEqual(await yoga(request));
    }
  });

  test('the response to a traced request shows the cost, and every request is logged and counted', async () => {
    const { fast, logged, fetch } = await startBoth();
    const traced = { headers: { 'x-spotify-trace': '1' }, body: json({ query: page }) };
    const first = JSON.parse((await fast(traced)).text);
    const again = JSON.parse((await fast(traced)).text);
    expect([first.extensions.spotify.actualCalls, again.extensions.spotify.actualCalls]).not.toContain(
      undefined,
    );
    expect(again.extensions.spotify).toMatchObject({ actualCalls: 0, cacheHits: 2 });
    await fast({ body: json({ query: page }) });
    await fast({ body: json({ query: page }) });
    const lines = logged.filter(({ message }) => message === 'operation');
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)?.fields).toEqual({
      ...lines.at(-2)?.fields,
      milliseconds: expect.any(Number),
      requestId: expect.any(String),
    });
    expect(await (await fetch('/metrics')).text()).toContain('operations_total{outcome="ok"} 4');
  });

  describe('a client that disconnects', () => {
    const delayMs = 300;
    const ids = JSON.stringify([artists.bts, artists.albums0, artists.albums1, artists.albums9]);
    const singleCall = { UPSTREAM_CONCURRENCY: '1' };

    test.each<[name: string, document: string, environment: Record<string, string>]>([
      [
        'calls that follow the one in flight',
        `{ track(id: "${tracks.explicit}") { artists { images { url } } } }`,
        {},
      ],
      ['calls that wait in the queue', `{ artists(ids: ${ids}) { name } }`, singleCall],
    ])('a client that disconnects causes no further Spotify calls: %s', async (_, document, environment) => {
      const { gateway, sandbox, fast } = await startBoth({
        SPOTIFY_QUOTA_MODE: 'development',
        ...environment,
      });
      const apiCalls = () => sandbox.calls().filter(({ kind }) => kind === 'api');
      sandbox.faults.add({ fault: { kind: 'delay', ms: delayMs } });
      const port = await portOf(gateway.listener);
      const request = send({ port, method: 'POST', path: '/graphql' });
      request.on('error', () => undefined);
      request.setHeader('content-type', 'application/json');
      request.end(json({ query: document }));
      await vi.waitFor(() => expect(apiCalls()).toHaveLength(1), { timeout: 5_000 });
      request.destroy();
      // The sent call is completed, because Spotify has counted it; then there is time for another one.
      await vi.waitFor(() => expect(apiCalls()[0]?.status).toBe(200), { timeout: 5_000 });
      await sleep(delayMs);
      expect(apiCalls()).toHaveLength(1);

      sandbox.faults.clear();
      expect(JSON.parse((await fast({ body: json({ query: document }) })).text).errors).toBeUndefined();
      const paths = apiCalls().map(({ path }) => path);
      expect(new Set(paths).size, 'the response of that call is cached').toBe(paths.length);
      expect(paths.length, 'there are more calls if the client does not disconnect').toBeGreaterThan(1);
    });
  });
});

test.each([
  ['the fast path', '/graphql'],
  ['yoga', '/graphql?x=1'],
])('%s ignores an unknown property of a request', async (_, path) => {
  const { fast } = await startBoth();
  const params = { query: '{ __typename }', unknown: { a: [true] }, onError: 'PROPAGATE' };
  const response = await fast({ path, body: json(params) });
  expect(response.status).toBe(200);
  expect(JSON.parse(response.text)).toEqual({ data: { __typename: 'Query' } });
});

test.each([
  ['the fast path', 'listener', '/graphql'],
  ['yoga behind node:http', 'listener', '/graphql?x=1'],
  ['the handler', 'handler', '/graphql'],
] as const)(
  '%s accepts a body that begins with a byte order mark, as Windows tools send it',
  async (_, part, path) => {
    const { gateway, apiCalls } = await withSandbox();
    const execute = await serve(gateway[part]);
    const { status, text } = await execute({
      path,
      body: `\uFEFF${json({ query: `{ artist(id: "${bts}") { name } }` })}`,
    });
    expect([status, JSON.parse(text).data]).toEqual([200, { artist: { name: 'BTS' } }]);
    expect(apiCalls()).toEqual([`/artists/${bts}`]);
    expect((await execute({ path, body: '\uFEFF\uFEFF{}' })).text).toContain('The body is not a JSON object');
  },
);

test('the operation of a plain request does not wait for another turn, because the listener has waited for one', async () => {
  const clients: Client[] = [];
  const fastPath = createFastPath({
    executeAndCache: async (_key: string, _params: object, client: Client) => {
      clients.push(client);
      return {};
    },
    responseCache: { get: () => undefined },
    trustedDocuments: null,
    admitOperation: () => true,
    hasParseBudget: () => true,
  } as unknown as Parameters<typeof createFastPath>[0]);
  const post = {
    request: { headers: {} },
    response: { once: () => undefined, destroyed: true },
    body: json({ query: page }),
    clientKey: '192.0.2.1',
    requestId: 'id',
    type: 'application/json',
  };
  expect(await fastPath(post as unknown as ReceivedPost)).toBe(true);
  expect(clients).toMatchObject([{ key: '192.0.2.1', hasWaitedForTurn: true }]);
});

test('an operation through yoga waits for another turn only if the listener has waited for none', async () => {
  const clients: Client[] = [];
  const options = {
    async executeAndCache(_key: string, _params: object, client: Client) {
      clients.push(client);
      return { result: { data: {} }, body: Buffer.from('{}'), reuse: null };
    },
    responseCache: { get: () => undefined },
    identifyClient: () => '192.0.2.1',
  } as unknown as Parameters<typeof useExecuteOperation>[0];
  const plugins = [useExecuteOperation(options, () => 'id')];
  const yoga = createYoga<Partial<RequestContext>>({ schema, plugins, logging: false });
  const headers = { 'content-type': 'application/json' };
  const body = json({ query: page });
  for (const context of [{ hasWaitedForTurn: true }, { hasWaitedForTurn: false }, {}])
    await yoga.fetch('http://gateway.test/graphql', { method: 'POST', headers, body }, context);
  expect(clients.map(({ hasWaitedForTurn }) => hasWaitedForTurn)).toEqual([true, false, false]);
});

describe('a cached response', () => {
  const request = { body: json({ query: page }) };

  /** A gateway that has cached the response. */
  async function withCachedResponse(env: Record<string, string> = {}) {
    const { fast, sandbox } = await startBoth(env);
    const first = await fast(request);
    const again = await fast(request);
    sandbox.clearCalls();
    return { fast, sandbox, first, again };
  }

  test('a cached response costs no call, and equals the first response, also when sent as bytes', async () => {
    const { fast, sandbox, first, again } = await withCachedResponse();
    expect(again).toEqual(first);
    expect(await fast(request)).toEqual(first);
    expect(sandbox.calls()).toEqual([]);
  });

  const logEntry = { operation: null, document: '', plannedCalls: 1, actualCalls: 1, cacheHits: 0 };
  const lastMs = Number.MAX_SAFE_INTEGER;
  const reuse = { freshUntilMs: lastMs, usableUntilMs: lastMs, cacheTag: '' };
  const noHeaders = { header: () => null, requestId: 'id' };
  const emptyCache = () =>
    createResponseCache(
      () => 0,
      () => undefined,
    );

  test('a response is cached although its client has gone while it was created', async () => {
    const cache = emptyCache();
    const response = { result: { data: { artist: null } }, freshness: reuse, logEntry };
    const executeAndCache = createExecuteAndCache(async () => response as never, cache);
    const client = { ...noHeaders, key: 'a client', signal: AbortSignal.abort() };
    await executeAndCache('a key', { query: '{ artist(id: "x") { name } }' } as never, client);
    expect(cache.get('a key', noHeaders)?.body.toString()).toBe('{"data":{"artist":null}}');
  });

  test('a cached response is found by the whole text of its request, not by the hash of the text', () => {
    const cache = emptyCache();
    // Two texts with the same FNV-1a hash, 0x5e4daa9d.
    const [text, otherText] = ['costarring', 'liquid'];
    const bodies = { [text]: Buffer.alloc(1), [otherText]: Buffer.alloc(2) };
    for (const key of [text, otherText])
      cache.put(key, { body: bodies[key] ?? Buffer.alloc(0), reuse, logEntry }, 0);
    for (const key of [text, otherText]) expect(cache.get(key, noHeaders)?.body).toBe(bodies[key]);
  });

  test.each([
    ['bodies are large', 10, 1_000_000],
    ['keys are large', 90_000, 10],
  ])('all cached responses share 16 MB, also if their %s', (_, keyCharacters, bodyBytes) => {
    const cache = emptyCache();
    const keyOf = (n: number) => `${n} `.padEnd(keyCharacters, 'x');
    const numbers = Array.from({ length: 300 }, (__, n) => n);
    for (const n of numbers) cache.put(keyOf(n), { body: Buffer.alloc(bodyBytes), reuse, logEntry }, 0);
    const cached = numbers.filter((n) => cache.get(keyOf(n), noHeaders) !== undefined);
    expect(cached.length).toBeGreaterThan(10);
    expect(cached.length * (keyCharacters + bodyBytes)).toBeLessThanOrEqual(16_000_000);
    expect(cached.at(-1)).toBe(299);
  });

  test('the fast path and yoga share a cached response, for POST and for GET', async () => {
    const { fast, yoga, sandbox, logged, fetch } = await startBoth();
    const first = await fast(request);
    sandbox.clearCalls();
    expect(await yoga(request)).toEqual(first);
    const response = await fetch(`/graphql?query=${encodeURIComponent(page)}`);
    expect(await response.text()).toBe(first.text);
    expect(response.headers.get('cache-control')).toMatch(/^public, max-age=\d+,/);
    expect(sandbox.calls()).toEqual([]);
    const lines = logged
      .filter(({ message }) => message === 'operation')
      .map(({ fields }) => fields as Record<string, unknown>);
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatchObject({ actualCalls: 0, cacheHits: lines[0]?.['actualCalls'] });
    expect(lines[2]).toEqual({
      ...lines[1],
      milliseconds: expect.any(Number),
      requestId: expect.any(String),
    });
  });

  test('a cached response is refreshed when the first of its parts is no longer fresh', async () => {
    const clock = startClock();
    const { fast, sandbox } = await withCachedResponse({ CACHE_TTL_SECONDS: '100' });
    await clock.pass(99);
    await fast(request);
    expect(sandbox.calls()).toEqual([]);
    await clock.pass(2);
    await fast(request);
    await vi.waitFor(() => expect(sandbox.calls().length).toBeGreaterThan(0)); // a refresh in the background
  });

  test('a cached response is no longer served when one of its parts is proven outdated', async () => {
    const { fast, sandbox, first } = await withCachedResponse();
    sandbox.faults.add({ on: { route: 'artists/albums' }, fault: { kind: 'listing', inserted: 2 } });
    const longerList = `{ artist(id: "${bts}") { albums(last: 3) { nodes { name } totalCount } } }`;
    await fast({ body: json({ query: longerList.replace('last: 3', 'first: 30') }) });
    expect((await fast(request)).text).not.toBe(first.text);
  });

  test.each([
    ['the fast path', '/graphql'],
    ['yoga', '/graphql?x=1'],
  ])(
    'a response of %s is not cached if a part was proven outdated while the rest was read',
    async (_, path) => {
      const { fast, sandbox, apiCalls } = await startBoth();
      await fast(request);
      const slow = `{ artist(id: "${bts}") { albums(first: 3) { nodes { name } } } track(id: "${tracks.explicit}") { name } }`;
      const slowRequest = { path, body: json({ query: slow }) };
      sandbox.clearCalls();
      sandbox.faults.add({ on: { route: 'tracks' }, fault: { kind: 'delay', ms: 1_000 } });
      const response = fast(slowRequest);
      await vi.waitFor(() => expect(apiCalls()).toHaveLength(1), { timeout: 5_000 });
      sandbox.faults.add({ on: { route: 'artists/albums' }, fault: { kind: 'listing', inserted: 2 } });
      const longerList = `{ artist(id: "${bts}") { albums(first: 30) { nodes { name } totalCount } } }`;
      await fast({ body: json({ query: longerList }) });
      const { text } = await response;
      expect((await fast(slowRequest)).text).not.toBe(text);
    },
  );

  test.each([
    ['the fast path', '/graphql'],
    ['yoga', '/graphql?x=1'],
  ])('a response of %s with an error is never cached', async (_, path) => {
    const { fast, sandbox } = await startBoth();
    const errors = async () => JSON.parse((await fast({ ...request, path })).text).errors;
    sandbox.faults.add({ on: { route: 'artists/albums' }, fault: { kind: 'answer', status: 418 } });
    expect(await errors()).toHaveLength(1);
    sandbox.faults.clear();
    expect(await errors()).toBeUndefined();
  });

  test('a response with a stale part is never cached', async () => {
    const clock = startClock();
    const { fast, sandbox, first } = await withCachedResponse({ CACHE_TTL_SECONDS: '10' });
    await clock.pass(21);
    sandbox.faults.add({ on: { route: 'artists/albums' }, fault: { kind: 'answer', status: 418 } });
    for (let i = 0; i < 3; i += 1) expect((await fast(request)).text).toBe(first.text);
    sandbox.faults.clear();
    sandbox.clearCalls();
    await fast(request);
    expect(sandbox.calls().length).toBeGreaterThan(0);
  });
});
