import { beforeAll, describe, expect, test, vi } from 'vitest';
import { createCapabilities } from '../../../../src/datasources/spotify/capabilities/capabilities.ts';
import type { QuotaMode } from '../../../../src/datasources/spotify/capabilities/policy.ts';
import { SmallerPageNeeded } from '../../../../src/datasources/spotify/capabilities/rejections.ts';
import { LimitRejected } from '../../../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import {
  albums,
  artists,
  catalogue,
  expectNoError,
  inMode,
  learnedCapabilities,
  modes,
  quoted,
} from '../../../support/asking.ts';

/** What an app may do is found out from Spotify's answers: once, and with as few calls as that takes. */

const clock = vi.hoisted(() => ({ aheadMs: 0 }));
vi.mock('../../../../src/observability/clock.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  epochMs: () => performance.timeOrigin + performance.now() + clock.aheadMs,
}));

const dayMs = 24 * 3_600_000;

// The sandbox draws its tracks at the first search, for longer than a gateway lets its process stand still.
beforeAll(() => void catalogue.find('track', 'the'));

describe('what other processes have found out', () => {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

  function start(mode: QuotaMode) {
    const told: [topic: string, lesson: object][] = [];
    let hear: (topic: string, fact: unknown) => void = () => undefined;
    const capabilities = createCapabilities(mode, quiet, {
      publish: (topic, lesson) => void told.push([topic, lesson]),
      subscribe: (listener) => {
        hear = listener;
      },
    });
    const tell = (topic: string, fact: unknown) => hear(topic, fact);
    return { capabilities, told, tell };
  }
  const soon = () => performance.timeOrigin + performance.now() + clock.aheadMs + 1_000;

  test('is believed when it is newer than what is known here', () => {
    const { capabilities, tell } = start('auto');
    expect([capabilities.has('batch'), capabilities.maxPageSize('search')]).toEqual([null, 50]);
    tell('ability:batch', { value: false, learnedAtMs: soon() });
    tell('ability:search', { value: 10, learnedAtMs: soon() });
    expect([capabilities.has('batch'), capabilities.maxPageSize('search')]).toEqual([false, 10]);
    expect(capabilities.worstCasePage('search')).toEqual({ limit: 10, probeCalls: 0 });
    tell('ability:batch', { value: true, learnedAtMs: soon() - 60_000 });
    expect(capabilities.has('batch')).toBe(false);
  });

  test('is not believed when it is nothing that anybody could have found out', () => {
    const { capabilities, tell } = start('extended');
    for (const [topic, fact] of [
      ['ability:batch', { value: 10, learnedAtMs: soon() }],
      ['ability:batch', { value: false, learnedAtMs: 'now' }],
      ['ability:batch', null],
      ['ability:search', { value: false, learnedAtMs: soon() }],
      ['ability:everything', { value: false, learnedAtMs: soon() }],
      ['ability', { value: false, learnedAtMs: soon() }],
      ['back-off:batch', { value: false, learnedAtMs: soon() }],
    ] as const)
      tell(topic, fact);
    expect([capabilities.has('batch'), capabilities.maxPageSize('search')]).toEqual([true, 50]);
  });

  test('is forgotten after a day, also if the clock of its process is ahead, and then not reported', () => {
    const { capabilities, tell } = start('auto');
    tell('ability:batch', { value: false, learnedAtMs: soon() + 10 * dayMs });
    expect([capabilities.has('batch'), capabilities.values()]).toEqual([false, { batch: false }]);
    clock.aheadMs += dayMs + 1;
    expect([capabilities.has('batch'), capabilities.values()]).toEqual([null, {}]);
  });

  test('is told to them as soon as an answer has shown it, and not before', async () => {
    const { capabilities, told } = start('auto');
    const page = (limit: number, response: () => Promise<string>) =>
      capabilities.withLimit('search', limit, 'a list', response, () => true);
    const reject = () => Promise.reject(new LimitRejected(true));
    await expect(page(50, reject)).rejects.toBeInstanceOf(SmallerPageNeeded);
    expect([told, capabilities.maxPageSize('search'), capabilities.maxPageSize('artists/albums')]).toEqual([
      [],
      10,
      10,
    ]);
    expect(await page(10, async () => 'a page')).toBe('a page');
    expect(told).toEqual([
      ['ability:search', expect.objectContaining({ value: 10, learnedAtMs: expect.any(Number) })],
    ]);
    expect(await page(5, async () => 'a smaller page')).toBe('a smaller page');
    expect([told.length, capabilities.maxPageSize('search')]).toEqual([1, 10]);
  });
});

describe('what is known', () => {
  const everything = `{
    artist(id: "${artists.bts}") { followers { total } topTracks { id } relatedArtists { id } albums(first: 20) { nodes { label } } }
    albums(ids: ${quoted([albums.tracks1, albums.tracks20])}) { label }
    search(q: "the") { tracks(first: 20) { nodes { popularity artists { popularity } } } }
  }`;

  test.each(modes)('from SPOTIFY_QUOTA_MODE=%s spares every refused call', async (mode) => {
    const gateway = await inMode(mode, { MAX_UPSTREAM_CALLS: '200' });
    await expectNoError(gateway, everything);
    const { sandbox } = gateway;
    expect(sandbox.calls().filter(({ status }) => status !== 200)).toEqual([]);
    expect(learnedCapabilities(gateway).filter(([, value]) => value === false)).toEqual([]);
  });

  test.each(modes)('is no longer believed after a day, and found out once more (%s)', async (mode) => {
    const { ask, sandbox } = await inMode(mode, { MAX_UPSTREAM_CALLS: '200' });
    expect((await ask(everything)).errors).toEqual([]);
    const other = mode === 'development' ? 'extended' : 'development';
    sandbox.setQuotaMode(other);
    clock.aheadMs += dayMs + 1;
    sandbox.clearCalls();
    const { data, errors } = await ask<
      { artist: { topTracks: unknown; albums: { nodes: { label: unknown }[] } } },
      object
    >(everything);
    expect(errors).toEqual([]);
    expect([data.artist.topTracks === null, data.artist.albums.nodes[0]?.label === null]).toEqual(
      Array(2).fill(other === 'development'),
    );
    const refused = sandbox.calls().filter(({ status }) => status === 400 || status === 403);
    expect(refused.map(({ route, path }) => (path.includes('?ids=') ? 'batch' : route)).toSorted()).toEqual(
      other === 'extended'
        ? []
        : ['artists/albums', 'artists/related-artists', 'artists/top-tracks', 'batch', 'search'],
    );
  });

  test('is told once in the log when it changes, with what it was before', async () => {
    const { ask, sandbox, logged } = await inMode('extended');
    sandbox.setQuotaMode('development');
    for (const id of [albums.tracks1, albums.tracks20]) await ask(`{ album(id: "${id}") { label } }`);
    const told = () => logged.filter(({ message }) => message.startsWith('learned: '));
    const withheld = (ability: string) => ({
      level: 'info',
      message: `learned: Spotify withholds ${ability} from this app`,
      fields: { ability, value: false, before: true },
    });
    expect(told()).toEqual([withheld('Album.label'), withheld('Album.popularity')]);
    sandbox.setQuotaMode('extended');
    await ask(`{ album(id: "${albums.tracks50}") { label } }`);
    expect(
      told()
        .slice(2)
        .map(({ fields }) => fields),
    ).toEqual([
      { ability: 'Album.label', value: true, before: false },
      { ability: 'Album.popularity', value: true, before: false },
    ]);
  });
});
