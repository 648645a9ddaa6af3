import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { QuotaMode } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { sharedPath } from '../support/shared.ts';
import { useSandbox } from './client.ts';
import { exceptions } from './recordings-exceptions.ts';
import { differences, shapeOf } from './shape.ts';

const folder = sharedPath('recordings');
const { artists, albums, tracks, shows, playlists } = catalogue.fixtures;
// The older sets are from apps of before November 2024, which still may call every endpoint.
const sets: Record<string, QuotaMode> = {
  rspotify: 'extended',
  spotDL: 'extended',
  'dev-2026': 'development',
};
const clients = {
  extended: useSandbox({ quotaMode: 'extended', catalogue }),
  development: useSandbox({ quotaMode: 'development', catalogue }),
};

const usualAlbums = [albums.tracks130, albums.tracks20, albums.various];
const weekly = catalogue
  .episodesOf(shows.episodes130)
  .slice(0, 20)
  .flatMap((slot) => (slot.shows === 'episode' ? [slot.episodeId] : []));
const artistAlbums = `/artists/${artists.albums205}/albums?limit=50`;
const albumTracks = `/albums/${albums.tracks130}/tracks?limit=50`;
const twoPages = (path: string) => [`${path}&limit=10`, `${path}&limit=10&offset=10`];

/** For every kind of recorded read in development mode the corresponding reads of the sandbox. */
const developmentCounterparts: Record<string, string[]> = {
  'artists/*/albums': [
    `/artists/${artists.albums205}/albums?limit=10`,
    `/artists/${artists.albums205}/albums?limit=10&offset=200`,
  ],
  'albums/*': usualAlbums.map((id) => `/albums/${id}`),
  'albums/*/tracks': [albumTracks, `${albumTracks}&offset=50`, `${albumTracks}&offset=100`],
  'tracks/*': usualAlbums.flatMap((id) => catalogue.tracksOf(id)).map(({ id }) => `/tracks/${id}`),
  'search artist': twoPages('/search?q=the&type=artist'),
  'search album': [...twoPages('/search?q=a&type=album'), '/search?q=Twenty%20Rooms&type=album'],
};

/** The same in extended quota. */
const extendedCounterparts: Record<string, string[]> = {
  'artists/*': catalogue.artists().map(({ id }) => `/artists/${id}`),
  artists: [`/artists?ids=${artists.bts},${artists.albums1}`],
  'artists/*/albums': [artistAlbums, `${artistAlbums}&offset=150`, `${artistAlbums}&offset=200`],
  'artists/*/related-artists': [`/artists/${artists.bts}/related-artists`],
  'artists/*/top-tracks market': [`/artists/${artists.bts}/top-tracks?market=US`],
  'albums/*': usualAlbums.map((id) => `/albums/${id}`),
  albums: [`/albums?ids=${usualAlbums.join()}`],
  'albums market': [`/albums?ids=${albums.relinked},${albums.tracks20}&market=ES`],
  'albums/*/tracks': [albumTracks, `${albumTracks}&offset=50`, `${albumTracks}&offset=100`],
  'albums/*/tracks market': twoPages(`/albums/${albums.relinked}/tracks?market=ES`),
  'tracks/*': usualAlbums.flatMap((id) => catalogue.tracksOf(id)).map(({ id }) => `/tracks/${id}`),
  'tracks/* market': [tracks.relinked, tracks.notInSpain].map((id) => `/tracks/${id}?market=ES`),
  'tracks market': [`/tracks?ids=${tracks.relinked}&market=ES`],
  // The recorded reads have no market parameter, but the market of the user whose token they have.
  'shows/*': [`/shows/${shows.episodes130}?market=US`],
  'shows/*/episodes': [20, 0].map(
    (offset) => `/shows/${shows.episodes50}/episodes?market=US&offset=${offset}`,
  ),
  shows: [`/shows?ids=${shows.episodes130},${shows.episodes3}&market=US`],
  'episodes/* market': weekly.map((id) => `/episodes/${id}?market=US`),
  episodes: [`/episodes?ids=${weekly.join()}&market=US`],
  'playlists/*': [`/playlists/${playlists.items100}?additional_types=track`],
  'playlists/*/tracks': [`/playlists/${playlists.items100}/tracks`],
  'search playlist': ['/search?q=of&type=playlist&limit=10'],
  'search artist': twoPages('/search?q=the&type=artist'),
  'search album': ['/search?q=a&type=album&limit=10'],
  'search track': ['/search?q=a&type=track&limit=50'],
  'browse/new-releases': twoPages('/browse/new-releases?'),
  'browse/categories': ['/browse/categories'],
  'browse/categories/party': ['/browse/categories/party'],
  'users/spotify': ['/users/spotify'],
};
const counterparts = { development: developmentCounterparts, extended: extendedCounterparts };

type RecordedCalls = Record<
  string,
  { url: string; status: number; headers: { date?: string }; captured?: string }
>;

interface Recording {
  mode: QuotaMode;
  kind: string;
  year: number;
  body: unknown;
}

const recordings =
  folder === null ? [] : Object.entries(sets).flatMap(([set, mode]) => readSet(join(folder, set), mode));
const used = new Set<(typeof exceptions)[number]>();

test.skipIf(folder === null)('there are recordings to compare with', () => {
  expect(recordings.length).toBeGreaterThan(50);
  expect(recordings.filter(({ mode }) => mode === 'development').length).toBeGreaterThan(7);
});

test.skipIf(folder === null)('every folder of recordings is compared with the sandbox', () => {
  const expectedFolders = [...Object.keys(sets), 'errors-2026']; // the errors are compared in recorded-headers.test.ts
  expect(readdirSync(folder ?? '').toSorted()).toEqual(expectedFolders.toSorted());
});

const groups = groupsOf(recordings);
test.each(groups)(
  'in %s mode %s recorded in %i has the shape of the sandbox’s responses',
  async (mode, kind, year, recorded) => {
    const paths = counterparts[mode][kind] ?? [];
    const responses = await Promise.all(paths.map((path) => clients[mode].get(path)));
    expect(responses.map(({ status }) => status)).toEqual(paths.map(() => 200));

    const found = differences(shapeOf(responses.map(({ json }) => json)), shapeOf(recorded));
    const unexpected = found.filter((difference) => {
      const exception = exceptions.find(
        ({ modes = [mode], years = [year], kinds = [kind], differences: excused }) =>
          modes.includes(mode) && years.includes(year) && kinds.includes(kind) && excused.test(difference),
      );
      if (exception) used.add(exception);
      return !exception;
    });
    expect(unexpected).toEqual([]);
  },
);

afterAll(() => {
  const unused = exceptions.filter((exception) => !used.has(exception));
  if (folder !== null) expect(unused, 'every exception is needed').toEqual([]);
});

/** The recorded successes of the Web API in one folder. */
function readSet(path: string, mode: QuotaMode): Recording[] {
  const calls = readJson(join(path, '_http.json')) as RecordedCalls;
  return Object.entries(calls).flatMap(([file, { url, status, headers, captured }]) => {
    const { host, pathname, searchParams } = new URL(url);
    if (status !== 200 || host !== 'api.spotify.com') return [];
    const below = pathname.replace(/^\/v1\//, '').replace(/\/$/, '');
    const route = below.replace(/[0-9A-Za-z]{22}/, '*');
    const detail = [
      searchParams.get('type'),
      (searchParams.get('market') ?? searchParams.get('country')) && 'market',
    ];
    const kind = [route, ...detail].filter(Boolean).join(' ');
    // The playlists of development mode were recorded with the token of their owner, which gives access to the contents.
    const isOwners = mode === 'development' && kind.startsWith('playlists');
    if (isOwners) return [];
    const year = Number(/\b20\d\d\b/.exec(headers.date ?? captured ?? '')?.[0]);
    return [{ mode, kind, year, body: readJson(join(path, file)) }];
  });
}

type Group = [mode: QuotaMode, kind: string, year: number, bodies: unknown[]];

/** Bodies by mode, kind and year, because one body alone may lack optional keys. */
function groupsOf(all: readonly Recording[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { mode, kind, year, body } of all) {
    const key = `${mode} ${kind} ${year}`;
    const bodies = groups.get(key)?.[3] ?? [];
    groups.set(key, [mode, kind, year, [...bodies, body]]);
  }
  return [...groups.values()];
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
