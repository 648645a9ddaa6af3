import { describe, expect, test } from 'vitest';
import { type PresetName, presetNames, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { startUpstream } from '../support/upstream.ts';
import { connect, messageOf } from './client.ts';

const { artists, albums, tracks, playlists } = catalogue.fixtures;
const { bts, albums50, albums120 } = artists;

const albumsOf = (id: string, rest = 'limit=10') => `/artists/${id}/albums?${rest}`;
const hourMs = 3_600_000;
const daySeconds = 86_400;

/** A sandbox whose clock the test moves. Every test has its own, because the rules of presets count from the start. */
async function start(options: SandboxOptions) {
  let nowMs = 0;
  const tokenLifetimeSeconds = 10 * daySeconds;
  const client = await connect(await startUpstream({ now: () => nowMs, tokenLifetimeSeconds, ...options }));
  return {
    ...client,
    advance(ms: number) {
      nowMs += ms;
    },
  };
}

describe('preset quota-2026', () => {
  const preset = 'quota-2026';
  const few = { 'artists/albums': 3, search: 2 };

  test('preset quota-2026 serves 100 reads of artists’ albums in 24 h and rejects the next read with QUOTA_EXCEEDED', async () => {
    const { get, sandbox } = await start({ preset });
    for (let call = 1; call <= 100; call++) expect((await get(albumsOf(bts))).status).toBe(200);
    const refused = await get(albumsOf(albums50));
    expect(refused.status).toBe(429);
    expect(refused.text).toBe(
      '{"error":{"status":429,"message":"Too many requests","reason":"QUOTA_EXCEEDED"}}',
    );
    const statuses = sandbox.calls().map(({ status }) => status);
    expect([statuses.length, statuses.filter((status) => status === 429).length]).toEqual([101, 1]);
  });

  test('preset quota-2026 limits artists’ albums to 100, searches to 200, episode lists to 600 and album tracks to 2,300', async () => {
    const { sandbox } = await start({ preset });
    const limits = sandbox.faults
      .rules()
      .map(({ on, fault }) => [on?.route, 'calls' in fault && fault.calls]);
    expect(limits).toEqual([
      ['artists/albums', 100],
      ['search', 200],
      ['shows/episodes', 600],
      ['albums/tracks', 2300],
    ]);
  });

  test('preset quota-2026 counts each family separately, and also counts failed calls', async () => {
    const { get } = await start({ preset, dailyLimits: few });
    expect((await get(albumsOf('abc'))).status).toBe(400);
    expect((await get(albumsOf('0'.repeat(22)))).status).toBe(404);
    expect((await get(albumsOf(bts))).status).toBe(200);
    expect((await get(albumsOf(bts))).status).toBe(429);
    for (const path of [`/artists/${bts}`, `/albums/${albums.tracks1}`, '/search?q=a&type=artist']) {
      expect([path, (await get(path)).status]).toEqual([path, 200]);
    }
  });

  test('preset quota-2026 rejects calls until the oldest counted call is 24 h old, with these seconds as Retry-After', async () => {
    const { get, advance } = await start({ preset, dailyLimits: few });
    await get(albumsOf(bts));
    advance(2 * hourMs);
    await get(albumsOf(bts));
    await get(albumsOf(bts));
    advance(hourMs);
    const refused = await get(albumsOf(bts));
    // The refused call counts, so the second of the three successful calls has to be 24 h old, too.
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, String(23 * 3600)]);
    advance(23 * hourMs);
    expect((await get(albumsOf(bts))).status).toBe(200);
  });

  test.for([
    ['accepts a call after', 0, 200],
    ['rejects a call one second before the end of', 1, 429],
  ] as const)('preset quota-2026 %s the seconds of Retry-After', async ([, earlySeconds, status]) => {
    const { get, advance } = await start({ preset, dailyLimits: few });
    for (let call = 0; call < 3; call++) await get(albumsOf(bts));
    const refused = await get(albumsOf(bts));
    const waitSeconds = Number(refused.headers.get('retry-after'));
    expect(waitSeconds).toBe(daySeconds);
    advance((waitSeconds - earlySeconds) * 1000);
    expect((await get(albumsOf(bts))).status).toBe(status);
  });

  test('preset quota-2026 makes each call available again 24 h after that call, and not all calls at once', async () => {
    const { get, advance } = await start({ preset, dailyLimits: few });
    for (const hours of [0, 6, 6]) {
      advance(hours * hourMs);
      expect((await get(albumsOf(bts))).status).toBe(200);
    }
    const statuses: number[] = [];
    // 24 h after the first call and after the second one. The call that is rejected then takes the place of the third.
    for (const hours of [12, 6, 0, 6]) {
      advance(hours * hourMs);
      statuses.push((await get(albumsOf(bts))).status);
    }
    expect(statuses).toEqual([200, 200, 429, 429]);
  });

  test('preset quota-2026 never ends a block early: calls during a block are rejected and prolong the block', async () => {
    const { get, advance } = await start({ preset, dailyLimits: few });
    for (let call = 0; call < 3; call++) await get(albumsOf(bts));
    const ends: number[] = [];
    for (let hour = 1; hour <= 20; hour++) {
      advance(hourMs);
      const { status, headers } = await get(albumsOf(bts));
      expect(status).toBe(429);
      ends.push(hour + Number(headers.get('retry-after')) / 3600);
    }
    expect(ends).toEqual([24, 24, ...Array.from({ length: 18 }, (_, index) => index + 25)]);
  });

  test('preset quota-2026 rejects a client that never stops calling for as long as the client calls', async () => {
    const { get, advance } = await start({ preset, dailyLimits: few });
    const statuses: number[] = [];
    for (let hour = 0; hour < 48; hour++) {
      statuses.push((await get(albumsOf(bts))).status);
      advance(hourMs);
    }
    expect(statuses).toEqual([200, 200, 200, ...Array(45).fill(429)]);
  });

  test('`dailyLimits` limits the calls of a family also without a preset', async () => {
    const { get } = await start({ dailyLimits: { artists: 1 } });
    expect((await get(`/artists/${bts}`)).status).toBe(200);
    expect((await get(`/artists/${bts}`)).at('error.reason')).toBe('QUOTA_EXCEEDED');
    expect((await get(albumsOf(bts))).status).toBe(200);
  });
});

describe('rateLimit', () => {
  test('`rateLimit` rejects calls above the limit of any 30 s, and Retry-After is the seconds until a call is accepted', async () => {
    const { get, advance } = await start({ rateLimit: 2 });
    await get(`/artists/${bts}`);
    advance(10_000);
    await get(albumsOf(bts));
    advance(4_500);
    const rejected = await get('/search?q=a&type=artist');
    expect([rejected.status, rejected.text]).toEqual([429, 'Too many requests']);
    // The rejected call counts, so the second call has to be 30 s old.
    expect(rejected.headers.get('retry-after')).toBe('26');
    advance(26_000);
    expect((await get(`/artists/${bts}`)).status).toBe(200);
  });

  test('`rateLimit` rejects a client that ignores Retry-After for as long as the client calls', async () => {
    const { get, advance } = await start({ rateLimit: 2 });
    const statuses: number[] = [];
    for (let call = 0; call < 10; call++) {
      statuses.push((await get(`/artists/${bts}`)).status);
      advance(12_000);
    }
    expect(statuses).toEqual([200, 200, ...Array(8).fill(429)]);
  });

  test('a call that `rateLimit` rejects counts nevertheless for the daily limits', async () => {
    const { get, advance } = await start({ rateLimit: 1, dailyLimits: { artists: 2 } });
    for (let call = 0; call < 2; call++) await get(`/artists/${bts}`);
    advance(30_000);
    expect((await get(`/artists/${bts}`)).at('error.reason')).toBe('QUOTA_EXCEEDED');
  });
});

test('preset total-zero sets total 0 in every search, and does not change items, `next` and other lists', async () => {
  const { get } = await start({ preset: 'total-zero' });
  const search = await get('/search?q=the&type=artist,album,track&limit=10');
  for (const page of ['artists', 'albums', 'tracks']) {
    expect(search.at(`${page}.total`)).toBe(0);
    expect(search.at(`${page}.items`)).toHaveLength(10);
    expect(search.at(`${page}.next`)).toContain('offset=10');
  }
  expect((await get(albumsOf(albums120))).at('total')).toBe(120);
});

describe('preset drifting-totals', () => {
  test('preset drifting-totals changes the total from call to call, in the same order at every start', async () => {
    for (let starts = 0; starts < 2; starts++) {
      const { get } = await start({ preset: 'drifting-totals' });
      const totals: unknown[] = [];
      for (let call = 0; call < 4; call++) totals.push((await get(albumsOf(albums120))).at('total'));
      expect(totals).toEqual([120, 107, 110, 120]);
    }
  });

  test('preset drifting-totals changes the totals of searches, and no item', async () => {
    const { get } = await start({ preset: 'drifting-totals' });
    const [first, second] = [await get('/search?q=a&type=album'), await get('/search?q=a&type=album')];
    expect(second.at('albums.total')).toBe(Number(first.at('albums.total')) - 13);
    expect(second.at('albums.items')).toEqual(first.at('albums.items'));
  });
});

test.for<[PresetName, number, string | null, RegExp]>([
  ['empty-403', 403, null, /^$/],
  ['html-502', 502, 'text/html; charset=UTF-8', /^<!DOCTYPE html>/],
  ['empty-503', 503, null, /^$/],
])(
  'preset %s rejects one call in ten with %i from the proxy, beginning with the first call',
  async ([preset, status, contentType, body]) => {
    const { get } = await start({ preset });
    const responses = [];
    for (let call = 0; call < 21; call++) responses.push(await get(`/artists/${bts}`));
    const failed = responses.map((response) => response.status);
    expect(failed).toEqual(Array.from({ length: 21 }, (_, call) => (call % 10 === 0 ? status : 200)));
    expect(responses[0]?.headers.get('content-type')).toBe(contentType);
    expect(responses[0]?.headers.get('server')).toBe('envoy');
    expect(responses[0]?.text).toMatch(body);
  },
);

test('preset flaky-404 rejects one search or list in ten with 404, and never a read by id', async () => {
  const { get } = await start({ preset: 'flaky-404' });
  const lists = ['/search?q=a&type=artist', albumsOf(bts), `/albums/${albums.tracks20}/tracks`];
  const statuses: number[] = [];
  for (let call = 0; call < 12; call++) {
    expect((await get(`/artists/${bts}`)).status).toBe(200);
    expect((await get(`/albums/${albums.tracks20}`)).status).toBe(200);
    statuses.push((await get(lists[call % 3] ?? '')).status);
  }
  expect(statuses).toEqual([404, ...Array(9).fill(200), 404, 200]);
});

test('preset premium-lapsed rejects every call of the Web API with Spotify’s message, and still grants tokens', async () => {
  const { get, requestToken } = await start({ preset: 'premium-lapsed' });
  for (const path of [
    `/artists/${bts}`,
    albumsOf(bts),
    '/search?q=a&type=artist',
    `/tracks/${tracks.explicit}`,
  ]) {
    const response = await get(path);
    expect([response.status, messageOf(response)]).toEqual([
      403,
      'Active premium subscription required for the owner of the app. When the subscription status changes, it can take a few hours before requests are allowed again.',
    ]);
  }
  expect((await requestToken()).status).toBe(200);
});

describe('preset old-development-app', () => {
  test('preset old-development-app has the fields of development mode with batches, top tracks and pages of 50', async () => {
    const { get } = await start({ preset: 'old-development-app' });
    const batch = await get(`/artists?ids=${bts},${albums50}`);
    expect(Object.keys(batch.at('artists.0') as object)).not.toContain('genres');
    expect((await get(`/albums?ids=${albums.tracks1}`)).text).not.toContain('available_markets');
    expect((await get(`/artists/${bts}/top-tracks?market=DE`)).status).toBe(200);
    expect((await get(albumsOf(albums120, 'limit=50'))).at('items')).toHaveLength(50);
    expect((await get(albumsOf(albums120, ''))).at('limit')).toBe(20);
    expect((await get('/search?q=a&type=album&limit=50')).at('albums.items')).toHaveLength(50);
    expect((await get(albumsOf(albums120, 'limit=51'))).status).toBe(400);
  });

  test('preset old-development-app withholds the fields of development mode also in playlists and users', async () => {
    const { get } = await start({ preset: 'old-development-app' });
    const gaps = `/playlists/${playlists.gaps}`;
    const types = 'market=DE&additional_types=track,episode';
    const contents = await Promise.all(
      [`${gaps}?${types}`, `${gaps}/items?limit=50&${types}`, `${gaps}/tracks?limit=100&${types}`].map(
        (path) => get(path),
      ),
    );
    const owner = contents[0]?.at('owner.id');
    const user = await get(`/users/${owner}`);
    expect(Object.keys(user.json as object)).not.toContain('followers');
    for (const { status, text } of contents) {
      expect(status).toBe(200);
      expect(text).toContain('spotify:local:');
      expect(text).not.toMatch(/"(available_markets|popularity|preview_url|linked_from|publisher)":/);
    }
  });
});

describe('presets', () => {
  test('presets combine with each other and with other faults', async () => {
    const preset = ['old-development-app', 'total-zero'] as const;
    const { get, sandbox } = await start({ preset });
    sandbox.faults.add({ on: { route: 'tracks' }, fault: { kind: 'answer', status: 500 } });
    expect((await get('/search?q=a&type=album&limit=50')).at('albums.total')).toBe(0);
    expect((await get(`/tracks/${tracks.explicit}`)).status).toBe(500);
  });

  test('presets are fault rules, and end when the faults are cleared', async () => {
    const { get, sandbox } = await start({ preset: presetNames });
    expect(sandbox.faults.rules().length).toBeGreaterThanOrEqual(presetNames.length);
    sandbox.faults.clear();
    expect((await get(`/artists/${bts}`)).status).toBe(200);
  });

  test('the error for an unknown preset lists the names of all presets', async () => {
    const unknown = 'quota-1999' as PresetName;
    await expect(startSandbox({ catalogue, preset: unknown })).rejects.toThrow(
      `There is no preset "quota-1999". The presets are ${presetNames.join(', ')}.`,
    );
  });
});
