import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { messageOf, useSandbox } from './client.ts';

const { artists, albums } = catalogue.fixtures;
const client = useSandbox({ quotaMode: 'extended', catalogue });
const artist = `/artists/${artists.bts}`;
const list = `${artist}/albums`;

const under = (fault: Fault) => client.getUnder(fault, artist);

describe('an `answer`', () => {
  test('an `answer` fault without fields sends an empty 200 of plain text', async () => {
    const response = await under({ kind: 'answer' });
    expect([response.status, response.text, response.headers.get('content-type')]).toEqual([
      200,
      '',
      'text/plain',
    ]);
  });

  test.each([
    ['a JSON error', { status: 500, json: { error: { status: 500 } } }, 500, '{"error":{"status":500}}'],
    ['a text', { status: 502, text: 'upstream' }, 502, 'upstream'],
    ['HTML as JSON', { text: '<html>', headers: { 'Content-Type': 'application/json' } }, 200, '<html>'],
    ['null', { json: null }, 200, 'null'],
    ['a list', { json: [] }, 200, '[]'],
    ['half a JSON', { text: '{"id":', headers: { 'content-type': 'application/json' } }, 200, '{"id":'],
    ['nothing at all', { status: 204 }, 204, ''],
  ] as const)('an `answer` fault can send %s', async (_, fault, status, text) => {
    const response = await under({ kind: 'answer', ...fault });
    expect([response.status, response.text]).toEqual([status, text]);
  });

  test('an `answer` fault sends the headers of the fault, except headers that are null', async () => {
    const response = await under({
      kind: 'answer',
      headers: { 'x-mark': '1', 'content-type': null },
      text: 'x',
    });
    expect([response.headers.get('x-mark'), response.headers.get('content-type')]).toEqual(['1', null]);
  });
});

describe('a `rate-limit`', () => {
  test.each([
    ['text', 'Too many requests', null],
    [
      'json',
      '{"error":{"status":429,"message":"API rate limit exceeded"}}',
      'application/json; charset=utf-8',
    ],
    [
      'quota',
      '{"error":{"status":429,"message":"Too many requests","reason":"QUOTA_EXCEEDED"}}',
      'application/json; charset=utf-8',
    ],
  ] as const)(
    'a `rate-limit` fault of form %s sends the text that Spotify sends',
    async (form, text, type) => {
      const response = await under({ kind: 'rate-limit', form });
      expect([response.status, response.text, response.headers.get('content-type')]).toEqual([
        429,
        text,
        type,
      ]);
      expect(response.headers.get('retry-after')).toBeNull();
      expect(response.headers.get('cache-control')).toBe('private, max-age=0');
    },
  );

  test.each([0, 1, 86_400])(
    'a `rate-limit` fault sends its `retryAfterSeconds` as Retry-After: %i seconds',
    async (retryAfterSeconds) => {
      const response = await under({ kind: 'rate-limit', retryAfterSeconds });
      expect(response.headers.get('retry-after')).toBe(String(retryAfterSeconds));
    },
  );
});

describe('a `budget`', () => {
  test('a `budget` fault rejects calls above its limit, and its Retry-After is the time until the next call passes', async () => {
    client.sandbox.faults.add({ fault: { kind: 'budget', calls: 2, windowSeconds: 1 } });
    const startMs = performance.now();
    expect((await client.get(artist)).status).toBe(200);
    await sleep(400);
    expect((await client.get(list)).status).toBe(200);
    const refused = await client.get(artist);
    expect([refused.status, refused.text]).toEqual([429, 'Too many requests']);
    expect(refused.headers.get('retry-after')).toBe('1');
    // The window rolls: after one second the first call no longer counts, but the second does.
    await sleep(startMs + 1050 - performance.now());
    expect((await client.get(artist)).status).toBe(200);
    expect((await client.get(artist)).status).toBe(429);
  });

  test('calls without a valid token are 401 whatever faults there are, and count for no limit', async () => {
    const { faults, apiUrl } = client.sandbox;
    const withoutToken = async () => (await fetch(apiUrl + artist)).status;
    const remove = faults.add({ fault: { kind: 'answer', status: 200, json: {} } });
    expect([await withoutToken(), (await client.get(artist)).status]).toEqual([401, 200]);
    remove();
    faults.add({ fault: { kind: 'budget', calls: 2, windowSeconds: 60 } });
    for (let i = 0; i < 3; i++) expect(await withoutToken()).toBe(401);
    expect([await client.get(artist), await client.get(artist)].map(({ status }) => status)).toEqual([
      200, 200,
    ]);
    expect((await client.get(artist)).status).toBe(429);
    expect(await withoutToken()).toBe(401);
  });

  test('a daily `budget` fault counts each endpoint family separately, and its rejections have the reason QUOTA_EXCEEDED', async () => {
    const daySeconds = 86_400;
    client.sandbox.faults.add({
      fault: { kind: 'budget', calls: 1, windowSeconds: daySeconds, per: 'family', form: 'quota' },
    });
    expect((await client.get(artist)).status).toBe(200);
    expect((await client.get(list)).status).toBe(200);
    const refused = await client.get(`/artists?ids=${artists.bts}`);
    expect([refused.status, refused.at('error.reason')]).toEqual([429, 'QUOTA_EXCEEDED']);
    expect(refused.headers.get('retry-after')).toBe(String(daySeconds));
    expect((await client.get(`/albums/${albums.tracks1}`)).status).toBe(200);
  });
});

describe('redirects and rejections', () => {
  test('a `redirect` fault sends its status and location, 302 by default', async () => {
    const response = await under({ kind: 'redirect', to: 'https://example.org/', status: 307 });
    expect([response.status, response.headers.get('location')]).toEqual([307, 'https://example.org/']);
    expect((await under({ kind: 'redirect', to: '/' })).status).toBe(302);
  });

  test.each([
    ['expired', 'The access token expired'],
    ['invalid', 'Invalid access token'],
    ['user', 'Valid user authentication required'],
  ] as const)(
    'an `unauthorized` fault for reason %s sends 401 and the message %j',
    async (reason, message) => {
      const response = await under({ kind: 'unauthorized', reason });
      expect([response.status, messageOf(response)]).toEqual([401, message]);
    },
  );

  test('a `premium-lapsed` fault rejects every call except the token request, in JSON or as text', async () => {
    client.sandbox.faults.add({ fault: { kind: 'premium-lapsed' } });
    expect((await client.requestToken()).status).toBe(200);
    const message = /^Active premium subscription required for the owner of the app\./;
    for (const path of [artist, list, '/search?q=x&type=artist']) {
      const response = await client.get(path);
      expect([response.status, messageOf(response)]).toEqual([403, expect.stringMatching(message)]);
    }
    client.sandbox.faults.clear();
    const text = await under({ kind: 'premium-lapsed', form: 'text' });
    expect([text.status, text.json]).toEqual([403, undefined]);
    expect(text.text).toMatch(message);
  });

  test.each([
    [undefined, 403, 'Forbidden'],
    [404, 404, 'Not Found'],
    [410, 410, 'Gone'],
  ] as const)(
    'a `withdrawn` fault with status %s rejects batch reads with %i and allows single reads',
    async (status, expected, message) => {
      const fault = { kind: 'withdrawn', ...(status && { status }) } as const;
      client.sandbox.faults.add({ on: { batch: true }, fault });
      const response = await client.get(`/albums?ids=${albums.tracks1}`);
      expect([response.status, messageOf(response)]).toEqual([expected, message]);
      expect((await client.get(`/albums/${albums.tracks1}`)).status).toBe(200);
    },
  );
});

test.each<[string, Omit<Extract<Fault, { kind: 'answer' }>, 'kind'>]>([
  ['rejected credentials', { status: 400, json: { error: 'invalid_client' } }],
  ['an outage', { status: 503, text: '<html></html>', headers: { 'content-type': 'text/html' } }],
  ['a malformed token', { json: { access_token: 7 } }],
])('the token endpoint can respond with %s', async (_, fault) => {
  client.sandbox.faults.add({ on: { route: 'token' }, times: 1, fault: { kind: 'answer', ...fault } });
  const response = await client.requestToken();
  expect(response.status).toBe(fault.status ?? 200);
  expect(response.json).toEqual(fault.json);
  expect((await client.requestToken()).status).toBe(200);
});
