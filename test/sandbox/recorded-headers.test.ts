import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/index.ts';
import { fixtures } from '../support/catalogue.ts';
import { sharedPath } from '../support/shared.ts';
import { type SandboxResponse, useSandbox } from './client.ts';

const folder = sharedPath('recordings');
const { artists, albums, tracks } = fixtures;
const client = useSandbox({ quotaMode: 'extended' });

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** One recorded response, as the files of `errors-2026` hold it. */
interface Captured {
  method: string;
  status: number;
  headers: Headers;
  /** False where the source prints only some of the headers. */
  headers_whole: boolean;
  /** Null where the source does not print it. */
  body: unknown;
  request_headers?: Record<string, string>;
}

// These depend on the connection or the day.
const perConnection = ['connection', 'keep-alive', 'content-length', 'transfer-encoding', 'date'];

/** Values that headers had in earlier years. */
const olderValues: Record<string, readonly RegExp[]> = {
  'alt-svc': [/^clear$/],
  'access-control-allow-headers': [/X-Cloud-Trace-Context$/, /^Accept, Authorization, Origin, Content-Type$/],
  'access-control-allow-methods': [/^GET, POST, OPTIONS, PUT, DELETE$/],
  server: [/^nginx$/],
};

/** Headers that Spotify added after the response was recorded. */
const laterHeaders: Record<string, readonly string[]> = {
  '429_rate_limit_json_2016.json': [
    ...['alt-svc', 'cache-control', 'content-type', 'strict-transport-security', 'via'],
    'x-content-type-options',
  ],
};

/** Today's messages of errors whose messages were others in earlier years. */
const olderMessages: Record<string, string> = { '400_invalid_id_2021.json': 'Invalid base62 id' };

const throughFault =
  (fault: Fault): (() => Promise<SandboxResponse>) =>
  async () => {
    client.sandbox.faults.add({ fault });
    return client.get(`/artists/${artists.bts}`);
  };

/** For each file the call with which the sandbox sends the same response. */
const counterparts: Record<string, (captured: Captured) => Promise<SandboxResponse>> = {
  '200_preflight_2020.json': ({ method, request_headers = {} }) =>
    client.get('/browse/categories/jazz/playlists?limit=10', {
      method,
      headers: { ...request_headers, authorization: '' },
    }),
  '400_invalid_id_2021.json': () => client.get('/artists/abc/albums'),
  '400_too_many_ids_2021.json': () => client.get(`/artists?ids=${Array(51).fill(artists.bts).join()}`),
  '401_expired_2023.json': async () => {
    const headers = await client.authorize();
    client.sandbox.expireTokens();
    return client.get(`/albums/${albums.tracks1}`, { headers });
  },
  '401_invalid_access_token_2025.json': () =>
    client.get(`/artists/${artists.bts}`, { headers: { authorization: 'Bearer 1234' } }),
  '401_no_token_2025.json': () => client.get(`/artists/${artists.bts}`, { headers: { authorization: '' } }),
  '429_quota_48925.json': throughFault({ kind: 'rate-limit', form: 'quota', retryAfterSeconds: 48_925 }),
  '429_quota_52531.json': throughFault({ kind: 'rate-limit', form: 'quota', retryAfterSeconds: 52_531 }),
  '429_rate_limit_json_2016.json': throughFault({ kind: 'rate-limit', form: 'json', retryAfterSeconds: 3 }),
  '429_rate_limit_json_2026.json': throughFault({ kind: 'rate-limit', form: 'json' }),
  '429_rate_limit_text_2021.json': throughFault({ kind: 'rate-limit', retryAfterSeconds: 19_056 }),
  '429_rate_limit_text_2026.json': throughFault({ kind: 'rate-limit', retryAfterSeconds: 36_537 }),
};

const errorFiles =
  folder === null ? [] : readdirSync(join(folder, 'errors-2026')).filter((file) => file.endsWith('.json'));

describe.skipIf(folder === null)('a recorded error', () => {
  // The files that end tokens come last, because the other tests of this file use one.
  const ordered = errorFiles.toSorted(
    (one, other) => Number(/expired/.test(one)) - Number(/expired/.test(other)),
  );
  test.each(ordered)(
    'the recorded error %s equals the response of the sandbox in status, body and every header',
    async (file) => {
      const captured = readJson(join(folder ?? '', 'errors-2026', file)) as Captured;
      const reproduce = counterparts[file];
      if (!reproduce) throw new Error(`no counterpart is defined for ${file}`);
      const response = await reproduce(captured);

      expect(response.status).toBe(captured.status);
      if (captured.body !== null)
        expect(response.json ?? response.text).toEqual(expectedBody(file, captured));
      expect(headerDifferences(response, captured.headers, file)).toEqual([]);
      if (captured.headers_whole) expect(addedHeaders(response, captured.headers, file)).toEqual([]);
    },
  );

  test('the recorded error for an expired token equals the response of the sandbox in its whole text, spacing included', async () => {
    const headers = await client.authorize();
    client.sandbox.expireTokens();
    const response = await client.get(`/albums/${albums.tracks1}`, { headers });
    const file = join(folder ?? '', 'rspotify', 'album_find_5bU1XKYxHhEwukllT20xtk__1_401.json');
    expect(response.text).toBe(readFileSync(file, 'utf8').trim());
  });
});

const successes = folder === null ? [] : capturedSuccesses(folder);

test.skipIf(folder === null)(
  'a recorded success of 2025 or later has the headers that the sandbox sends, and no other headers',
  async () => {
    expect(successes.length).toBeGreaterThan(15);
    const headers = await client.authorize();
    const reads = [
      `/artists/${artists.bts}`,
      `/artists/${artists.bts}/albums`,
      `/albums/${albums.tracks20}`,
      `/albums/${albums.tracks20}/tracks`,
      `/tracks/${tracks.explicit}`,
      '/search?q=a&type=artist',
    ];
    for (const path of reads) {
      const response = await client.get(path, { headers });
      for (const { file, headers: captured } of successes) {
        const { etag, ...others } = captured;
        expect(response.headers.get('etag')).toMatch(/^"MC-[\w+/=]+"$/);
        expect(etag, file).toMatch(/^"MC-[\w+/=]+"$/);
        expect(headerDifferences(response, others, file)).toEqual([]);
        expect(addedHeaders(response, captured, file)).toEqual([]);
      }
    }
  },
);

/** The successes of the Web API in all folders whose headers were recorded in 2025 or later. */
function capturedSuccesses(root: string): { file: string; headers: Headers }[] {
  const sets = readdirSync(root).filter((set) => readdirSync(join(root, set)).includes('_http.json'));
  return sets.flatMap((set) => {
    const calls = readJson(join(root, set, '_http.json')) as Record<
      string,
      { url: string; status: number; headers: Headers }
    >;
    return Object.entries(calls)
      .filter(([, { url, status }]) => status === 200 && url.startsWith('https://api.spotify.com/'))
      .filter(([, { headers }]) => new Date(String(headers['date'])).getUTCFullYear() >= 2025)
      .map(([file, { headers }]) => ({ file, headers }));
  });
}

function expectedBody(file: string, { body }: Captured): unknown {
  const message = olderMessages[file];
  return message === undefined ? body : { error: { ...(body as { error: object }).error, message } };
}

function headerDifferences({ headers }: SandboxResponse, captured: Headers, file: string): string[] {
  return Object.entries(captured).flatMap(([name, value]) => {
    const [first = ''] = [value].flat();
    if (perConnection.includes(name) || olderValues[name]?.some((older) => older.test(first))) return [];
    const actual = headers.get(name);
    // A header that is sent twice is joined with a comma.
    return actual === first || first.startsWith(`${actual},`)
      ? []
      : [`${file}: ${name} is ${actual}, recorded: ${first}`];
  });
}

function addedHeaders({ headers }: SandboxResponse, captured: Headers, file: string): string[] {
  const expectedNames = [...Object.keys(captured), ...perConnection, ...(laterHeaders[file] ?? [])];
  return [...headers.keys()]
    .filter((name) => !expectedNames.includes(name))
    .map((name) => `${file}: adds ${name}`);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
