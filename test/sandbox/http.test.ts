import { once } from 'node:events';
import { Agent, get as httpGet, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createCallLog } from '../../src/sandbox/calls.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { startUpstream } from '../support/upstream.ts';
import { connect, tokenRequest, useSandbox } from './client.ts';

const { bts } = catalogue.fixtures.artists;
const { tracks55 } = catalogue.fixtures.albums;
const client = useSandbox({ catalogue });
const { get } = client;

describe('a response', () => {
  test('a response may be cached only with revalidation, and has an ETag in Spotify’s form', async () => {
    for (const path of [`/artists/${bts}`, `/albums/${tracks55}`, '/search?q=BTS&type=artist']) {
      const { headers } = await get(path);
      expect(headers.get('cache-control')).toBe('public, max-age=0');
      const tag = /^"MC-([\w+/=]+)"$/.exec(headers.get('etag') ?? '')?.[1] ?? '';
      expect(Buffer.from(tag, 'base64').toString()).toMatch(/^"[0-9a-f]{32}"$/);
    }
  });

  test('a response is 304 without a body if the request has its ETag, and only then', async () => {
    const path = `/albums/${tracks55}`;
    const etag = (await get(path)).headers.get('etag') ?? '';
    const notModified = await get(path, { headers: { 'if-none-match': etag } });
    expect([notModified.status, notModified.text, notModified.headers.get('etag')]).toEqual([304, '', etag]);
    expect((await get(path, { headers: { 'if-none-match': `W/${etag}, "other"` } })).status).toBe(304);
    expect((await get(path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect((await get(`${path}?market=DE`, { headers: { 'if-none-match': etag } })).status).toBe(200);
    expect((await get('/albums/abc', { headers: { 'if-none-match': '*' } })).status).toBe(400);
  });

  test('a response has another ETag when its content is different', async () => {
    const { headers } = await get(`/artists/${bts}`);
    client.sandbox.setQuotaMode('extended');
    expect((await get(`/artists/${bts}`)).headers.get('etag')).not.toBe(headers.get('etag'));
  });

  test('a response of any size and status is compressed for a client that accepts gzip', async () => {
    const { authorization } = await client.authorize();
    const read = (path: string, encoding: string) =>
      rawGet(client.sandbox.apiUrl + path, { authorization, 'accept-encoding': encoding });
    for (const path of [`/albums/${tracks55}`, `/artists/${bts}`, '/albums/abc', '/me', '/nonsense']) {
      const zipped = await read(path, 'gzip, br');
      expect(zipped.response.headers['content-encoding']).toBe('gzip');
      // In chunks and without `vary`, as recorded.
      expect(zipped.response.headers['content-length']).toBeUndefined();
      expect(zipped.response.headers.vary).toBeUndefined();
      for (const encoding of ['identity', 'gzip;q=0, br', 'br']) {
        const plain = await read(path, encoding);
        expect(plain.response.headers['content-encoding']).toBeUndefined();
        expect(plain.response.headers['content-length']).toBe(String(plain.body.length));
        expect(gunzipSync(zipped.body)).toEqual(plain.body);
      }
    }
    client.sandbox.faults.add({ fault: { kind: 'rate-limit', form: 'text' } });
    const text = await read(`/artists/${bts}`, 'gzip');
    expect([text.response.headers['content-encoding'], String(text.body)]).toEqual([
      undefined,
      'Too many requests',
    ]);
  });
});

describe('a preflight', () => {
  const preflight = (url: string) =>
    fetch(url, {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
    });

  test('a preflight request gets a response without a token on every route, despite faults', async () => {
    client.sandbox.faults.add({ fault: { kind: 'answer', status: 500 } });
    for (const path of [
      `/artists/${bts}`,
      '/me',
      '/browse/categories/jazz/playlists?limit=10',
      '/nonsense',
    ]) {
      const response = await preflight(client.sandbox.apiUrl + path);
      expect([path, response.status, await response.text()]).toEqual([path, 200, '']);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-methods')).toContain('GET');
      expect(response.headers.get('access-control-allow-headers')).toContain('Authorization');
    }
    expect(client.sandbox.calls()).toMatchObject(Array(4).fill({ method: 'OPTIONS', status: 200 }));
  });

  test('a preflight request to the token endpoint gets 204', async () => {
    expect((await preflight(client.sandbox.tokenUrl)).status).toBe(204);
  });

  test('a preflight request uses up no limit', async () => {
    client.sandbox.faults.add({ fault: { kind: 'budget', calls: 1, windowSeconds: 60 } });
    await preflight(`${client.sandbox.apiUrl}/artists/${bts}`);
    expect((await get(`/artists/${bts}`)).status).toBe(200);
    expect((await get(`/artists/${bts}`)).status).toBe(429);
  });
});

describe('the sandbox', () => {
  test('the sandbox serves call after call on one connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { authorization } = await client.authorize();
    const ports = new Set<number | undefined>();
    for (let call = 0; call < 3; call++) {
      const { port } = await rawGet(`${client.sandbox.apiUrl}/artists/${bts}`, { authorization }, agent);
      ports.add(port);
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });

  test('the sandbox lists every call in order, with its request, time and status', async () => {
    const before = performance.now();
    await client.requestToken();
    await get(`/artists/${bts}/albums?limit=3&offset=6`, { headers: { 'x-mark': 'yes' } });
    await get(`/tracks/${'0'.repeat(22)}`);
    await get(`/artists?ids=${bts}`);
    await get('/nonsense');
    expect(client.sandbox.calls()).toMatchObject([
      { kind: 'token', method: 'POST', path: '/api/token', route: 'token', status: 200 },
      {
        kind: 'api',
        method: 'GET',
        path: `/artists/${bts}/albums?limit=3&offset=6`,
        route: 'artists/albums',
        status: 200,
        headers: { 'x-mark': 'yes' },
      },
      { path: `/tracks/${'0'.repeat(22)}`, route: 'tracks', status: 404 },
      { path: `/artists?ids=${bts}`, route: 'artists', status: 403 },
      { path: '/nonsense', route: 'other', status: 404 },
    ]);
    const times = client.sandbox.calls().map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times.at(-1)).toBeLessThanOrEqual(performance.now());
    client.sandbox.clearCalls();
    expect(client.sandbox.calls()).toEqual([]);
  });

  test('the sandbox returns a list of calls that later calls do not change', async () => {
    const calls = client.sandbox.calls();
    await get(`/artists/${bts}`);
    expect(calls).toEqual([]);
  });

  test('the sandbox lists only the latest 20,000 calls', () => {
    const log = createCallLog(() => performance.now());
    const call = { kind: 'api', method: 'GET', route: 'other', headers: {} } as const;
    for (let count = 1; count <= 20_010; count++) log.note({ ...call, path: `/${count}` });
    expect(log.calls().map(({ path }) => path)[0]).toBe('/11');
    expect(log.calls()).toHaveLength(20_000);
  });

  test('the sandbox delays every response by `latencyMs`', async () => {
    const slow = await startUpstream({ latencyMs: 120 });
    for (const [url, request, status] of [
      [slow.tokenUrl, tokenRequest(slow), 200],
      [`${slow.apiUrl}/me`, {}, 401],
    ] as const) {
      const before = performance.now();
      expect((await fetch(url, request)).status).toBe(status);
      const elapsedMs = performance.now() - before;
      expect(elapsedMs).toBeGreaterThanOrEqual(119);
      expect(elapsedMs).toBeLessThan(1000);
    }
  });

  test('the sandbox shares no token, fault or call with another sandbox in the same process', async () => {
    const other = await startUpstream({ quotaMode: 'extended' });
    const { authorization } = await client.authorize();
    const response = await fetch(`${other.apiUrl}/artists/${bts}`, { headers: { authorization } });
    expect(response.status).toBe(401);
    other.faults.add({ fault: { kind: 'answer', status: 500 } });
    expect((await get(`/artists/${bts}`)).status).toBe(200);
    const calls = client.sandbox.calls().map(({ route, status }) => `${route} ${status}`);
    expect(calls).toEqual(['token 200', 'artists 200']); // and not the call with status 401
  });

  test('the sandbox closes within a second while a request hangs', async () => {
    const closing = await startSandbox({ catalogue });
    const { authorize } = await connect(closing);
    const headers = await authorize();
    closing.clearCalls();
    closing.faults.add({ fault: { kind: 'stall' } });
    const hanging = fetch(`${closing.apiUrl}/artists/${bts}`, { headers }).catch((error: unknown) => error);
    while (closing.calls().length === 0) await sleep(5);
    const before = performance.now();
    await closing.close();
    expect(performance.now() - before).toBeLessThan(1000);
    expect(await hanging).toBeInstanceOf(TypeError);
    await expect(fetch(closing.tokenUrl)).rejects.toThrow();
  });

  test('the sandbox responds 404 to a target that is not a URL', async () => {
    const { hostname, port } = new URL(client.sandbox.apiUrl);
    const request = httpGet({ hostname, port, path: '//', headers: await client.authorize() });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(404);
  });

  test('the sandbox fails to start with EADDRINUSE if its port is taken', async () => {
    const port = Number(new URL(client.sandbox.apiUrl).port);
    await expect(startSandbox({ catalogue, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

/** A GET without decompression. */
async function rawGet(url: string, headers: Record<string, string>, agent?: Agent) {
  const request = httpGet(url, { headers, ...(agent && { agent }) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const port = response.socket.localPort; // the agent takes the socket back once the response is read
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { response, port, body: Buffer.concat(chunks) };
}
