import { Agent, interceptors, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cacheTagOf } from '../../src/http/cache-headers.ts';
import { retryWhileShed, setWallClock, startClock } from '../support/clock.ts';
import { withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { albums, artists, artistQuery as name, tracks } from '../support/schema-tests.ts';
import { portOf } from '../support/test-server.ts';

/** The headers by which browsers and CDNs cache responses. */

/** The age is for caches that do not know `no-store`. */
const noStore = 'no-store, max-age=0';
const page = `{ artist(id: "spotify:artist:${artists.bts}") { albums(first: 2) { nodes { id } } } }`;

/** A gateway behind `node:http`, with the number of requests that it has served. */
async function serve(environment: Record<string, string> = {}) {
  const gateway = await withSandbox({ SPOTIFY_QUOTA_MODE: 'development', ...environment });
  let requests = 0;
  const port = await portOf((incoming, response) => {
    response.once('finish', () => {
      if (response.statusCode !== 503) requests += 1; // shed, because gateway and test share the event loop
    });
    gateway.gateway.listener(incoming, response);
  });
  const url = `http://127.0.0.1:${port}/graphql`;

  async function send(method: 'GET' | 'POST', query: string, headers: Record<string, string> = {}) {
    const target = method === 'GET' ? `${url}?query=${encodeURIComponent(query)}` : url;
    const init = { headers: { 'content-type': 'application/json', connection: 'close', ...headers } };
    const body = method === 'GET' ? {} : { body: JSON.stringify({ query }) };
    return retryWhileShed(async () => {
      const response = await fetch(target, { method, ...init, ...body });
      await response.text();
      return response;
    });
  }

  const cacheControl = async (...sent: Parameters<typeof send>) =>
    (await send(...sent)).headers.get('cache-control');
  return { ...gateway, url, send, cacheControl, requests: () => requests };
}

describe('Cache-Control', () => {
  test('`Cache-Control` states the same `max-age` for GET and POST, which decreases while the response is cached', async () => {
    const clock = startClock();
    const { cacheControl } = await serve({ CACHE_TTL_SECONDS: '100', CACHE_STALE_SECONDS: '1000' });
    await cacheControl('POST', name);
    await clock.pass(30);
    const stated = /^public, max-age=(6\d|70), stale-while-revalidate=\1, stale-if-error=1000$/;
    expect(await cacheControl('POST', name), 'the fast path, cached').toMatch(stated);
    expect(await cacheControl('GET', name), 'yoga, cached').toMatch(stated);
    expect(await cacheControl('POST', `${name} `), 'the fast path').toMatch(stated);
    expect(await cacheControl('GET', `${name}  `), 'yoga').toMatch(stated);
  });

  test('`Cache-Control` allows no stale response if the gateway itself serves no stale response', async () => {
    const { cacheControl } = await serve({ CACHE_TTL_SECONDS: '100', CACHE_STALE_SECONDS: '0' });
    for (const method of ['GET', 'POST'] as const)
      expect(await cacheControl(method, name)).toMatch(/^public, max-age=(9\d|100)$/);
  });

  test.each([
    ['0', /^public, max-age=\d+$/],
    ['100', /^public, max-age=\d+, stale-while-revalidate=100, stale-if-error=100$/],
  ])(
    'the length of a list, which expires before its artist, is not used for longer than CACHE_STALE_SECONDS=%s after its freshness',
    async (staleSeconds, allowed) => {
      const { cacheControl } = await serve({ CACHE_STALE_SECONDS: staleSeconds });
      await cacheControl('POST', page);
      const length = `{ artist(id: "${artists.bts}") { name albums(first: 0) { totalCount } } }`;
      for (const method of ['GET', 'POST'] as const)
        expect(await cacheControl(method, length)).toMatch(allowed);
    },
  );

  test.each<[string, string, Record<string, string>?]>([
    ['a syntax error', '{'],
    ['an unknown field', '{ nothing }'],
    ['an invalid id', '{ artist(id: "no") { name } }'],
    ['a traced operation', name, { 'x-spotify-trace': '1' }],
    ['a dry run', name, { 'x-spotify-trace': 'plan' }],
    ['the daily quota', '{ quota { used } }'],
    ['an operation without data of Spotify', '{ __typename }'],
  ])('`Cache-Control` is no-store with an age of 0 for %s', async (_, document, headers = {}) => {
    const { cacheControl, fetch } = await serve();
    const accept = 'application/graphql-response+json';
    for (const method of ['GET', 'POST'] as const) {
      expect(await cacheControl(method, document, headers)).toBe(noStore);
      expect(await cacheControl(method, document, { accept, ...headers })).toBe(noStore);
    }
    const yoga = await fetch('/graphql', postJson({ query: document }, headers));
    expect(yoga.headers.get('cache-control')).toBe(noStore);
  });

  test('`Cache-Control` is no-store with an age of 0 for a response with a stale part', async () => {
    const clock = startClock();
    const { cacheControl } = await serve({ CACHE_TTL_SECONDS: '10' });
    await cacheControl('POST', name);
    await clock.pass(11);
    expect(await cacheControl('POST', name)).toBe(noStore);
  });

  test.each<[string, string, RequestInit]>([
    ['JSON that is malformed', '/graphql', { body: '{' }],
    ['another media type', '/graphql', { body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['another method', '/graphql', { method: 'DELETE' }],
    ['a body that is too large', '/graphql', { body: JSON.stringify({ query: 'x'.repeat(100_001) }) }],
    ['another path', '/nothing', {}],
    ['a request that is shed', '/graphql', { body: JSON.stringify({ query: name }) }],
  ])('`Cache-Control` is no-store with an age of 0 for %s', async (_, path, init) => {
    const { url, gateway } = await serve();
    if (_ === 'a request that is shed') gateway.drain();
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const response = await fetch(new URL(path, url), { method: 'POST', headers, ...init });
    await response.text();
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get('cache-control')).toBe(noStore);
  });
});

test('variables too deep for JSON.stringify cause no error, and the response is not cacheable', async () => {
  const { url } = await serve();
  const depth = 20_000; // JSON.parse reaches this depth, JSON.stringify does not
  const body = `{"query":${JSON.stringify(name)},"variables":{"unused":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
  const headers = { 'content-type': 'application/json', connection: 'close' };
  const response = await fetch(url, { method: 'POST', headers, body });
  expect(await response.json()).toEqual({ data: { artist: { name: 'BTS' } } });
  expect(response.headers.get('cache-control')).toBe(noStore);
});

describe('a shared cache', () => {
  test('a shared cache serves a repeated query without a request to the gateway while its response is fresh', async () => {
    const clock = startClock();
    onTestFinished(() => setWallClock(0));
    const { url, requests } = await serve({ CACHE_TTL_SECONDS: '100', CACHE_STALE_SECONDS: '0' });
    const dispatcher = new Agent().compose(interceptors.cache({ type: 'shared' }));
    onTestFinished(() => dispatcher.close());
    const send = async () => {
      const { statusCode, body } = await request(`${url}?query=${encodeURIComponent(page)}`, { dispatcher });
      return { status: statusCode, text: await body.text() };
    };
    const execute = async () => (await retryWhileShed(send)).text;

    const first = await execute();
    expect(await execute()).toBe(first);
    expect(requests()).toBe(1);

    await clock.pass(80);
    setWallClock(80_000);
    expect(await execute()).toBe(first);
    expect(requests()).toBe(1);

    await clock.pass(21);
    setWallClock(101_000);
    await execute();
    expect(requests()).toBe(2);
  });

  test('a shared cache keeps a traced response apart from a response without a trace', async () => {
    const { url } = await serve();
    const dispatcher = new Agent().compose(interceptors.cache({ type: 'shared' }));
    onTestFinished(() => dispatcher.close());
    const execute = async (headers: Record<string, string>) => {
      const response = await request(`${url}?query=${encodeURIComponent(name)}`, { dispatcher, headers });
      return response.body.json();
    };
    await execute({});
    expect(await execute({ 'x-spotify-trace': '1' })).toHaveProperty('extensions.spotify');
    expect(await execute({})).not.toHaveProperty('extensions');
  });
});

describe('Cache-Tag', () => {
  test('`Cache-Tag` has the ids of the request and of the response, each once, for GET and POST alike', async () => {
    const { send } = await serve();
    for (const method of ['POST', 'GET'] as const) {
      const { headers } = await send(method, page);
      const tags = headers.get('cache-tag')?.split(',') ?? [];
      expect(tags[0]).toBe(artists.bts);
      expect(new Set(tags).size).toBe(3);
      for (const tag of tags) expect(tag).toMatch(/^[0-9A-Za-z]{22}$/);
    }
  });

  test('`Cache-Tag` has the id of a link in the variables', async () => {
    const { url } = await serve();
    const response = await fetch(
      url,
      postJson(
        {
          query: 'query ($id: ID!) { album(id: $id) { name } }',
          variables: { id: `\nhttps://open.spotify.com/album/${albums.tracks20}?si=1` },
        },
        { connection: 'close' },
      ),
    );
    expect(await response.json()).not.toHaveProperty('errors');
    expect(response.headers.get('cache-tag')).toBe(albums.tracks20);
  });

  test('a response that must not be cached has no `Cache-Tag`', async () => {
    const { send } = await serve();
    const { headers } = await send(
      'POST',
      `{ track(id: "${tracks.explicit}") { name } album(id: "no") { name } }`,
    );
    expect(headers.get('cache-control')).toBe(noStore);
    expect(headers.get('cache-tag')).toBeNull();
  });

  const ids = (count: number) => Array.from({ length: count }, (_, i) => String(i).padStart(22, '0'));

  test.each([
    ['no id', ['{}', 'a text'], ''],
    ['50 ids, in 1,149 bytes', [ids(50).join(' ')], ids(50).join(',')],
    ['51 ids', [ids(51).join(' ')], 'many-ids'],
    [
      'an id in a URI and in a link',
      ids(2).map((id, i) => (i ? `x.test/${id}?si` : `a:${id}`)),
      ids(2).join(','),
    ],
    ['a text of 23 characters', ['0'.repeat(23)], ''],
  ])(
    '`Cache-Tag` has the ids in the texts, or `many-ids` if there are more than 50 ids: %s',
    (_, texts, tag) => expect(cacheTagOf(texts)).toBe(tag),
  );
});

test('`If-None-Match: *` gets 304 for a response that may be cached, and the error for one that may not', async () => {
  const { fetch } = await withSandbox();
  const get = (query: string) =>
    fetch(`/graphql?query=${encodeURIComponent(query)}`, { headers: { 'if-none-match': '*' } });
  const cached = await get(name);
  expect([cached.status, await cached.text()]).toEqual([304, '']);
  expect((await get('{ artist(id: "no id") { name } }')).status).toBe(200);
});

test('a client gets 304 also if a proxy that compresses responses has made the ETag a weak one', async () => {
  const { fetch } = await withSandbox();
  const path = `/graphql?query=${encodeURIComponent(name)}`;
  const etag = `W/${(await fetch(path)).headers.get('etag')}`;
  expect((await fetch(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
});
