import { describe, expect, test } from 'vitest';
import { type PresetName, presetNames, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { type Client, connect, messageOf } from './client.ts';

const { artists, albums, tracks, playlists } = catalogue.fixtures;
const { bts, albums50, albums120 } = artists;

const albumsOf = (id: string, rest = 'limit=10') => `/artists/${id}/albums?${rest}`;
const hourMs = 3_600_000;
const daySeconds = 86_400;

/**
 * A sandbox with presets whose clock the test moves. Every test has its own, because the rules of presets
 * count from the start.
 */
async function withPreset<T>(options: SandboxOptions, act: (client: Client, clock: Clock) => Promise<T>) {
  let nowMs = 0;
  const clock = {
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
  const sandbox = await startSandbox({
    catalogue,
    now: () => nowMs,
    tokenLifetimeSeconds: 10 * daySeconds,
    ...options,
  });
  try {
    return await act(await connect(sandbox), clock);
  } finally {
    await sandbox.close();
  }
}

interface Clock {
  advance(ms: number): void;
}

describe('preset quota-2026', () => {
  const preset = 'quota-2026';
  const few = { 'artists/albums': 3, search: 2 };

  test('preset quota-2026 answers 100 reads of artists’ albums in 24 h and rejects the next read with QUOTA_EXCEEDED', async () => {
    await withPreset({ preset }, async ({ get, sandbox }) => {
      for (let call = 1; call <= 100; call++) expect((await get(albumsOf(bts))).status).toBe(200);
      const refused = await get(albumsOf(albums50));
      expect(refused.status).toBe(429);
      expect(refused.text).toBe(
        '{"error":{"status":429,"message":"Too many requests","reason":"QUOTA_EXCEEDED"}}',
      );
      const statuses = sandbox.calls().map(({ status }) => status);
      expect([statuses.length, statuses.filter((status) => status === 429).length]).toEqual([101, 1]);
    });
  });

  test('preset quota-2026 limits artists’ albums to 100, searches to 200, episode lists to 600 and album tracks to 2,300', async () => {
    await withPreset({ preset }, async ({ sandbox }) => {
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
  });

  test('preset quota-2026 counts each family separately, and also counts failed calls', async () => {
    await withPreset({ preset, dailyLimits: few }, async ({ get }) => {
      expect((await get(albumsOf('abc'))).status).toBe(400);
      expect((await get(albumsOf('0'.repeat(22)))).status).toBe(404);
      expect((await get(albumsOf(bts))).status).toBe(200);
      expect((await get(albumsOf(bts))).status).toBe(429);
      for (const path of [`/artists/${bts}`, `/albums/${albums.tracks1}`, '/search?q=a&type=artist']) {
        expect([path, (await get(path)).status]).toEqual([path, 200]);
      }
    });
  });

  test('preset quota-2026 rejects calls until the oldest counted call is 24 h old, with these seconds as Retry-After', async () => {
    await withPreset({ preset, dailyLimits: few }, async ({ get }, clock) => {
      await get(albumsOf(bts));
      clock.advance(2 * hourMs);
      await get(albumsOf(bts));
      await get(albumsOf(bts));
      clock.advance(hourMs);
      const refused = await get(albumsOf(bts));
      // The refused call counts, so the second of the three successful calls has to be 24 h old, too.
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, String(23 * 3600)]);
      clock.advance(23 * hourMs);
      expect((await get(albumsOf(bts))).status).toBe(200);
    });
  });

  test('preset quota-2026 accepts a call after the seconds of Retry-After, and rejects a call one second earlier', async () => {
    await withPreset({ preset, dailyLimits: few }, async (client, clock) => {
      for (let call = 0; call < 3; call++) await client.get(albumsOf(bts));
      const refused = await client.get(albumsOf(bts));
      const waitSeconds = Number(refused.headers.get('retry-after'));
      expect(waitSeconds).toBe(daySeconds);
      clock.advance((waitSeconds - 1) * 1000);
      expect((await client.get(albumsOf(bts))).status).toBe(429);
    });
    await withPreset({ preset, dailyLimits: few }, async (client, clock) => {
      for (let call = 0; call < 3; call++) await client.get(albumsOf(bts));
      const refused = await client.get(albumsOf(bts));
      clock.advance(Number(refused.headers.get('retry-after')) * 1000);
      expect((await client.get(albumsOf(bts))).status).toBe(200);
    });
  });

  test('preset quota-2026 makes each call available again 24 h after that call, and not all calls at once', async () => {
    await withPreset({ preset, dailyLimits: few }, async ({ get }, clock) => {
      for (const hours of [0, 6, 6]) {
        clock.advance(hours * hourMs);
        expect((await get(albumsOf(bts))).status).toBe(200);
      }
      const statuses: number[] = [];
      // 24 h after the first call and after the second one. The call that is rejected then takes the place of the third.
      for (const hours of [12, 6, 0, 6]) {
        clock.advance(hours * hourMs);
        statuses.push((await get(albumsOf(bts))).status);
      }
      expect(statuses).toEqual([200, 200, 429, 429]);
    });
  });

  test('preset quota-2026 never ends a block early: calls during a block are rejected and prolong the block', async () => {
    await withPreset({ preset, dailyLimits: few }, async ({ get }, clock) => {
      for (let call = 0; call < 3; call++) await get(albumsOf(bts));
      const ends: number[] = [];
      for (let hour = 1; hour <= 20; hour++) {
        clock.advance(hourMs);
        const { status, headers } = await get(albumsOf(bts));
        expect(status).toBe(429);
        ends.push(hour + Number(headers.get('retry-after')) / 3600);
      }
      expect(ends).toEqual([24, 24, ...Array.from({ length: 18 }, (_, index) => index + 25)]);
    });
  });

  test('preset quota-2026 rejects a client that never stops calling for as long as the client calls', async () => {
    await withPreset({ preset, dailyLimits: few }, async ({ get }, clock) => {
      const statuses: number[] = [];
      for (let hour = 0; hour < 48; hour++) {
        statuses.push((await get(albumsOf(bts))).status);
        clock.advance(hourMs);
      }
      expect(statuses).toEqual([200, 200, 200, ...Array(45).fill(429)]);
    });
  });

  test('`dailyLimits` limits the calls of a family also without a preset', async () => {
    await withPreset({ dailyLimits: { artists: 1 } }, async ({ get }) => {
      expect((await get(`/artists/${bts}`)).status).toBe(200);
      expect((await get(`/artists/${bts}`)).at('error.reason')).toBe('QUOTA_EXCEEDED');
      expect((await get(albumsOf(bts))).status).toBe(200);
    });
  });
});

describe('rateLimit', () => {
  test('`rateLimit` rejects calls above the limit of any 30 s, and Retry-After is the seconds until a call is accepted', async () => {
    await withPreset({ rateLimit: 2 }, async ({ get }, clock) => {
      await get(`/artists/${bts}`);
      clock.advance(10_000);
      await get(albumsOf(bts));
      clock.advance(4_500);
      const rejected = await get('/search?q=a&type=artist');
      expect([rejected.status, rejected.text]).toEqual([429, 'Too many requests']);
      // The rejected call counts, so the second call has to be 30 s old.
      expect(rejected.headers.get('retry-after')).toBe('26');
      clock.advance(26_000);
      expect((await get(`/artists/${bts}`)).status).toBe(200);
    });
  });

  test('`rateLimit` rejects a client that ignores Retry-After for as long as the client calls', async () => {
    await withPreset({ rateLimit: 2 }, async ({ get }, clock) => {
      const statuses: number[] = [];
      for (let call = 0; call < 10; call++) {
        statuses.push((await get(`/artists/${bts}`)).status);
        clock.advance(12_000);
      }
      expect(statuses).toEqual([200, 200, ...Array(8).fill(429)]);
    });
  });

  test('a call that `rateLimit` rejects counts nevertheless for the daily limits', async () => {
    await withPreset({ rateLimit: 1, dailyLimits: { artists: 2 } }, async ({ get }, clock) => {
      for (let call = 0; call < 2; call++) await get(`/artists/${bts}`);
      clock.advance(30_000);
      expect((await get(`/artists/${bts}`)).at('error.reason')).toBe('QUOTA_EXCEEDED');
    });
  });
});

test('preset total-zero sets total 0 in every search, and does not change items, `next` and other lists', async () => {
  await withPreset({ preset: 'total-zero' }, async ({ get }) => {
    const search = await get('/search?q=the&type=artist,album,track&limit=10');
    for (const page of ['artists', 'albums', 'tracks']) {
      expect(search.at(`${page}.total`)).toBe(0);
      expect(search.at(`${page}.items`)).toHaveLength(10);
      expect(search.at(`${page}.next`)).toContain('offset=10');
    }
    expect((await get(albumsOf(albums120))).at('total')).toBe(120);
  });
});

describe('preset drifting-totals', () => {
  test('preset drifting-totals changes the total from call to call, in the same order at every start', async () => {
    const totals = () =>
      withPreset({ preset: 'drifting-totals' }, async ({ get }) => {
        const received: unknown[] = [];
        for (let call = 0; call < 4; call++) received.push((await get(albumsOf(albums120))).at('total'));
        return received;
      });
    expect(await totals()).toEqual([120, 107, 110, 120]);
    expect(await totals()).toEqual([120, 107, 110, 120]);
  });

  test('preset drifting-totals changes the totals of searches, and no item', async () => {
    await withPreset({ preset: 'drifting-totals' }, async ({ get }) => {
      const [first, second] = [await get('/search?q=a&type=album'), await get('/search?q=a&type=album')];
      expect(second.at('albums.total')).toBe(Number(first.at('albums.total')) - 13);
      expect(second.at('albums.items')).toEqual(first.at('albums.items'));
    });
  });
});

describe.each<[PresetName, number, string | null, RegExp]>([
  ['empty-403', 403, null, /^$/],
  ['html-502', 502, 'text/html; charset=UTF-8', /^<!DOCTYPE html>/],
  ['empty-503', 503, null, /^$/],
])('preset %s', (preset, status, contentType, body) => {
  test(`preset ${preset} answers one call in ten with ${status} from the proxy, beginning with the first call`, async () => {
    await withPreset({ preset }, async ({ get }) => {
      const answers = [];
      for (let call = 0; call < 21; call++) answers.push(await get(`/artists/${bts}`));
      const failed = answers.map((answer) => answer.status);
      expect(failed).toEqual(Array.from({ length: 21 }, (_, call) => (call % 10 === 0 ? status : 200)));
      expect(answers[0]?.headers.get('content-type')).toBe(contentType);
      expect(answers[0]?.headers.get('server')).toBe('envoy');
      expect(answers[0]?.text).toMatch(body);
    });
  });
});

test('preset flaky-404 answers one search or list in ten with 404, and never a read by id', async () => {
  await withPreset({ preset: 'flaky-404' }, async ({ get }) => {
    const lists = ['/search?q=a&type=artist', albumsOf(bts), `/albums/${albums.tracks20}/tracks`];
    const statuses: number[] = [];
    for (let call = 0; call < 12; call++) {
      expect((await get(`/artists/${bts}`)).status).toBe(200);
      expect((await get(`/albums/${albums.tracks20}`)).status).toBe(200);
      statuses.push((await get(lists[call % 3] ?? '')).status);
    }
    expect(statuses).toEqual([404, ...Array(9).fill(200), 404, 200]);
  });
});

test('preset premium-lapsed rejects every call of the Web API with Spotify’s message, and still grants tokens', async () => {
  await withPreset({ preset: 'premium-lapsed' }, async ({ get, requestToken }) => {
    for (const path of [
      `/artists/${bts}`,
      albumsOf(bts),
      '/search?q=a&type=artist',
      `/tracks/${tracks.explicit}`,
    ]) {
      const answer = await get(path);
      expect([answer.status, messageOf(answer)]).toEqual([
        403,
        'Active premium subscription required for the owner of the app. When the subscription status changes, it can take a few hours before requests are allowed again.',
      ]);
    }
    expect((await requestToken()).status).toBe(200);
  });
});

describe('preset old-development-app', () => {
  test('preset old-development-app has the fields of development mode with batches, top tracks and pages of 50', async () => {
    await withPreset({ preset: 'old-development-app' }, async ({ get }) => {
      const batch = await get(`/artists?ids=${bts},${albums50}`);
      expect(Object.keys(batch.at('artists.0') as object)).not.toContain('genres');
      expect((await get(`/albums?ids=${albums.tracks1}`)).text).not.toContain('available_markets');
      expect((await get(`/artists/${bts}/top-tracks?market=DE`)).status).toBe(200);
      expect((await get(albumsOf(albums120, 'limit=50'))).at('items')).toHaveLength(50);
      expect((await get(albumsOf(albums120, ''))).at('limit')).toBe(20);
      expect((await get('/search?q=a&type=album&limit=50')).at('albums.items')).toHaveLength(50);
      expect((await get(albumsOf(albums120, 'limit=51'))).status).toBe(400);
    });
  });

  test('preset old-development-app withholds the fields of development mode also in playlists and users', async () => {
    await withPreset({ preset: 'old-development-app' }, async ({ get }) => {
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
});

describe('presets', () => {
  test('presets combine with each other and with other faults', async () => {
    const preset = ['old-development-app', 'total-zero'] as const;
    await withPreset({ preset }, async ({ get, sandbox }) => {
      sandbox.faults.add({ on: { route: 'tracks' }, fault: { kind: 'answer', status: 500 } });
      expect((await get('/search?q=a&type=album&limit=50')).at('albums.total')).toBe(0);
      expect((await get(`/tracks/${tracks.explicit}`)).status).toBe(500);
    });
  });

  test('presets are fault rules, and end when the faults are cleared', async () => {
    await withPreset({ preset: presetNames }, async ({ get, sandbox }) => {
      expect(sandbox.faults.rules().length).toBeGreaterThanOrEqual(presetNames.length);
      sandbox.faults.clear();
      expect((await get(`/artists/${bts}`)).status).toBe(200);
    });
  });

  test('the error for an unknown preset lists the names of all presets', async () => {
    const unknown = 'quota-1999' as PresetName;
    await expect(startSandbox({ catalogue, preset: unknown })).rejects.toThrow(
      `There is no preset "quota-1999". The presets are ${presetNames.join(', ')}.`,
    );
  });
});
