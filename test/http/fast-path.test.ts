import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type RequestListener, request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createResponseCache } from '../../src/http/response-cache.ts';
import { artists, tracks, unknownId } from '../support/asking.ts';
import { startClock, waitForIdleLoop } from '../support/clock.ts';
import { withSandbox } from '../support/gateway.ts';
import { portOf } from '../support/test-server.ts';

/** The short way for plain requests says what yoga would say, byte for byte. */

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
  'a page, for a client that knows of the newer type': {
    headers: { accept: 'application/graphql-response+json, application/json;q=0.9' },
    body: json({ query: page }),
  },
  'a type that is ours in capitals': { headers: { accept: 'APPLICATION/JSON' }, body: json({ query: page }) },
  'a type that is not ours': { headers: { accept: 'text/html' }, body: json({ query: page }) },
  'any type': { headers: { accept: 'text/html, */*' }, body: json({ query: page }) },
  variables: {
    body: json({ query: 'query A($id: ID!) { artist(id: $id) { name } }', variables: { id: bts } }),
  },
  'a name of several': {
    body: json({
      query: `query A { artist(id: "${bts}") { name } } query B { __typename }`,
      operationName: 'A',
    }),
  },
  'a name that is none of them': {
    body: json({ query: `query A { __typename } query B { __typename }`, operationName: 'C' }),
  },
  'nothing that is there': { body: json({ query: `{ artist(id: "${unknownId}") { name } }` }) },
  'an id that is none': { body: json({ query: `{ album(id: "no") { name } }` }) },
  'a field that is none': { body: json({ query: '{ nothing }' }) },
  'no document': { body: json({ query: '{' }) },
  'a variable too few': { body: json({ query: 'query A($id: ID!) { artist(id: $id) { name } }' }) },
  'more than is allowed': {
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

  const exchange = ({ method = 'POST', path = '/graphql', headers = {}, body }: Sent) =>
    new Promise<{ status: number | undefined; headers: object; text: string }>((resolve, reject) => {
      const asked = send(
        { port, method, path, headers: { 'content-type': 'application/json', ...headers }, agent: false },
        async (response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          // Every response has another date and another request id.
          const { date: _, 'x-request-id': __, ...rest } = response.headers;
          resolve({ status: response.statusCode, headers: rest, text: Buffer.concat(chunks).toString() });
        },
      );
      asked.once('error', reject);
      asked.end(body);
    });

  return async (asked: Sent) => {
    for (;;) {
      const answer = await exchange(asked);
      if (answer.status !== 503) return answer;
      await waitForIdleLoop(); // turned away for the event loop, which everybody here shares
    }
  };
}

async function bothWays(environment: Record<string, string> = {}) {
  const gateway = await withSandbox(environment);
  const { listener, handler } = gateway.gateway;
  return { ...gateway, short: await serve(listener), long: await serve(handler) };
}

describe('a plain request', () => {
  test.each(['listener', 'handler'] as const)(
    'without a JSON object is told by the %s what to send, and counted',
    async (part) => {
      const { gateway, sandbox } = await withSandbox();
      const ask = await serve(gateway[part]);
      for (const body of ['{"query":', 'null', '7', ''])
        expect(JSON.parse((await ask({ body })).text)).toEqual({
          errors: [
            {
              message:
                'The body is not a JSON object: send JSON such as {"query": "{ __typename }"} with the header Content-Type: application/json.',
              extensions: { code: 'BAD_REQUEST' },
            },
          ],
        });
      expect((await ask({ body: 'x'.repeat(100_001) })).status).toBe(413);
      const { values } =
        (await gateway.metrics.registry.getSingleMetric('spotify_graphql_refusals_total')?.get()) ?? {};
      expect(values).toMatchObject([
        { value: 4, labels: { code: 'BAD_REQUEST' } },
        { value: 1, labels: { code: 'QUERY_TOO_COMPLEX' } },
      ]);
      expect(sandbox.calls()).toEqual([]);
    },
  );

  test.each(Object.entries(requests))('of %s is answered as yoga answers it', async (_, asked) => {
    const { short, long } = await bothWays();
    const answers = [await long(asked), await short(asked), await short(asked)];
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  test('executes trusted documents by their hash, and nothing else where there are any', async () => {
    const hash = 'a'.repeat(64);
    const directory = await mkdtemp(join(tmpdir(), 'trusted-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const manifest = join(directory, 'documents.json');
    await writeFile(manifest, json({ [hash]: page }));
    const { short, long, sandbox } = await bothWays({ TRUSTED_DOCUMENTS: manifest });
    const refused = [{ body: json({ query: page }) }, { body: json({ query: page, variables: {} }) }];
    for (const asked of refused) {
      const answer = await short(asked);
      expect(answer).toEqual(await long(asked));
      expect(answer.text).toContain('Only trusted documents are executed here');
    }
    expect(sandbox.calls()).toEqual([]);
    const trusted = { body: json({ documentId: hash }) };
    const answer = await short(trusted);
    expect(answer).toEqual(await long(trusted));
    expect(JSON.parse(answer.text).data.artist.name).toBe('BTS');
  });

  test.each([
    { NODE_ENV: 'production' },
    { CORS_ORIGINS: 'https://app.example' },
    { MAX_UPSTREAM_CALLS: '1' },
  ])('is answered as yoga answers it where %o', async (environment) => {
    const { short, long } = await bothWays(environment);
    for (const asked of [
      { body: json({ query: page }) },
      { body: json({ query: page }), headers: { origin: 'https://app.example' } },
      { body: json({ query: '{ __schema { queryType { name } } }' }) },
      { body: json({ query: '{ artst }' }) },
    ]) {
      expect(await short(asked)).toEqual(await long(asked));
    }
  });

  test('shows its cost where that is asked for, and is counted like any other', async () => {
    const { short, logged, fetch } = await bothWays();
    const traced = { headers: { 'x-spotify-trace': '1' }, body: json({ query: page }) };
    const first = JSON.parse((await short(traced)).text);
    const again = JSON.parse((await short(traced)).text);
    expect([first.extensions.spotify.actualCalls, again.extensions.spotify.actualCalls]).not.toContain(
      undefined,
    );
    expect(again.extensions.spotify).toMatchObject({ actualCalls: 0, cacheHits: 2 });
    await short({ body: json({ query: page }) });
    await short({ body: json({ query: page }) });
    const lines = logged.filter(({ message }) => message === 'operation');
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)?.fields).toEqual({
      ...lines.at(-2)?.fields,
      milliseconds: expect.any(Number),
      requestId: expect.any(String),
    });
    expect(await (await fetch('/metrics')).text()).toContain('operations_total{outcome="ok"} 4');
  });

  describe('of a client that goes away asks Spotify for nothing more', () => {
    const delayMs = 300;
    const ids = JSON.stringify([artists.bts, artists.albums0, artists.albums1, artists.albums9]);
    const lone = { UPSTREAM_CONCURRENCY: '1' };

    test.each<[name: string, document: string, environment: Record<string, string>]>([
      [
        'the calls that follow the one under way',
        `{ track(id: "${tracks.explicit}") { artists { images { url } } } }`,
        {},
      ],
      ['the calls that wait in the queue', `{ artists(ids: ${ids}) { name } }`, lone],
    ])('%s', async (_, document, environment) => {
      const { gateway, sandbox, short } = await bothWays({
        SPOTIFY_QUOTA_MODE: 'development',
        ...environment,
      });
      const apiCalls = () => sandbox.calls().filter(({ kind }) => kind === 'api');
      sandbox.faults.add({ fault: { kind: 'delay', ms: delayMs } });
      const port = await portOf(gateway.listener);
      const asked = send({ port, method: 'POST', path: '/graphql' });
      asked.on('error', () => undefined);
      asked.setHeader('content-type', 'application/json');
      asked.end(json({ query: document }));
      await vi.waitFor(() => expect(apiCalls()).toHaveLength(1), { timeout: 5_000 });
      asked.destroy();
      // The call that was sent is completed, since its cost is spent; then there is time for another one.
      await vi.waitFor(() => expect(apiCalls()[0]?.status).toBe(200), { timeout: 5_000 });
      await sleep(delayMs);
      expect(apiCalls()).toHaveLength(1);

      sandbox.faults.clear();
      expect(JSON.parse((await short({ body: json({ query: document }) })).text).errors).toBeUndefined();
      const paths = apiCalls().map(({ path }) => path);
      expect(new Set(paths).size, 'the answer of that call is kept').toBe(paths.length);
      expect(paths.length, 'for a client that stays, there are more calls').toBeGreaterThan(1);
    });
  });
});

test.each([
  ['the fast path', '/graphql'],
  ['yoga', '/graphql?x=1'],
])('%s ignores an unknown property of a request', async (_, path) => {
  const { short } = await bothWays();
  const response = await short({ path, body: json({ query: '{ __typename }', unknown: { a: [true] } }) });
  expect(response.status).toBe(200);
  expect(JSON.parse(response.text)).toEqual({ data: { __typename: 'Query' } });
});

describe('an answer that is given again', () => {
  const asked = { body: json({ query: page }) };

  /** A gateway that has cached the response. */
  async function keepingIt(env: Record<string, string> = {}) {
    const { short, sandbox } = await bothWays(env);
    const first = await short(asked);
    const again = await short(asked);
    sandbox.clearCalls();
    return { short, sandbox, first, again };
  }

  test('costs no call, and is the same, also where it is given as bytes', async () => {
    const { short, sandbox, first, again } = await keepingIt();
    expect(again).toEqual(first);
    expect(await short(asked)).toEqual(first);
    expect(sandbox.calls()).toEqual([]);
  });

  const usage = { operation: null, document: '', plannedCalls: 1, actualCalls: 1, cacheHits: 0 };
  const lastMs = Number.MAX_SAFE_INTEGER;
  const reuse = { freshUntilMs: lastMs, usableUntilMs: lastMs, cacheTag: '' };
  const noHeaders = { header: () => null, requestId: 'id' };
  const emptyCache = () =>
    createResponseCache(
      () => 0,
      () => undefined,
    );

  test('is cached by the whole text of its request, of which no hash stands for another', () => {
    const cache = emptyCache();
    // Two texts of one FNV-1a hash, which is 0x5e4daa9d.
    const [text, otherText] = ['costarring', 'liquid'];
    const bodies = { [text]: Buffer.alloc(1), [otherText]: Buffer.alloc(2) };
    for (const key of [text, otherText])
      cache.put(key, { body: bodies[key] ?? Buffer.alloc(0), reuse, usage }, 0);
    for (const key of [text, otherText]) expect(cache.get(key, noHeaders)?.body).toBe(bodies[key]);
  });

  test.each([
    ['bodies are large', 10, 1_000_000],
    ['keys are large', 90_000, 10],
  ])('shares 16 MB with all others, also where their %s', (_, keyCharacters, bodyBytes) => {
    const cache = emptyCache();
    const keyOf = (n: number) => `${n} `.padEnd(keyCharacters, 'x');
    const numbers = Array.from({ length: 300 }, (__, n) => n);
    for (const n of numbers) cache.put(keyOf(n), { body: Buffer.alloc(bodyBytes), reuse, usage }, 0);
    const cached = numbers.filter((n) => cache.get(keyOf(n), noHeaders) !== undefined);
    expect(cached.length).toBeGreaterThan(10);
    expect(cached.length * (keyCharacters + bodyBytes)).toBeLessThanOrEqual(16_000_000);
    expect(cached.at(-1)).toBe(299);
  });

  test('is shared by the fast path and yoga, for POST and for GET', async () => {
    const { short, long, sandbox, logged, fetch } = await bothWays();
    const first = await short(asked);
    sandbox.clearCalls();
    expect(await long(asked)).toEqual(first);
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

  test('ends when the first of its parts is no longer fresh', async () => {
    const clock = startClock();
    const { short, sandbox } = await keepingIt({ CACHE_TTL_SECONDS: '100' });
    await clock.pass(99);
    await short(asked);
    expect(sandbox.calls()).toEqual([]);
    await clock.pass(2);
    await short(asked);
    await vi.waitFor(() => expect(sandbox.calls().length).toBeGreaterThan(0)); // a refresh in the background
  });

  test('ends when a part of it is proven outdated', async () => {
    const { short, sandbox, first } = await keepingIt();
    sandbox.faults.add({ on: { route: 'artists/albums' }, fault: { kind: 'listing', inserted: 2 } });
    const further = `{ artist(id: "${bts}") { albums(last: 3) { nodes { name } totalCount } } }`;
    await short({ body: json({ query: further.replace('last: 3', 'first: 30') }) });
    expect((await short(asked)).text).not.toBe(first.text);
  });

  test.each([
    ['the fast path', '/graphql'],
    ['yoga', '/graphql?x=1'],
  ])('is never one of %s whose part was proven outdated while the rest was read', async (_, path) => {
    const { short, sandbox, apiCalls } = await bothWays();
    await short(asked);
    const slow = `{ artist(id: "${bts}") { albums(first: 3) { nodes { name } } } track(id: "${tracks.explicit}") { name } }`;
    const slowAsked = { path, body: json({ query: slow }) };
    sandbox.clearCalls();
    sandbox.faults.add({ on: { route: 'tracks' }, fault: { kind: 'delay', ms: 1_000 } });
    const response = short(slowAsked);
    await vi.waitFor(() => expect(apiCalls()).toHaveLength(1), { timeout: 5_000 });
    sandbox.faults.add({ on: { route: 'artists/albums' }, fault: { kind: 'listing', inserted: 2 } });
    const further = `{ artist(id: "${bts}") { albums(first: 30) { nodes { name } totalCount } } }`;
    await short({ body: json({ query: further }) });
    const { text } = await response;
    expect((await short(slowAsked)).text).not.toBe(text);
  });

  test('is never one with an error, or one that stood in for another', async () => {
    const clock = startClock();
    const { short, sandbox, first } = await keepingIt({ CACHE_TTL_SECONDS: '10' });
    await clock.pass(21);
    sandbox.faults.add({ on: { route: 'artists/albums' }, fault: { kind: 'answer', status: 418 } });
    for (let i = 0; i < 3; i += 1) expect((await short(asked)).text).toBe(first.text);
    sandbox.faults.clear();
    sandbox.clearCalls();
    await short(asked);
    expect(sandbox.calls().length).toBeGreaterThan(0);
  });
});
