import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createCatalogue } from '../../src/sandbox/index.ts';
import { sharedPath } from '../support/shared.ts';
import { useSandbox } from './client.ts';
import { exceptions } from './recordings-exceptions.ts';
import { differences, shapeOf } from './shape.ts';

const folder = sharedPath('spotify', 'recordings');
const catalogue = createCatalogue();
const { artists, albums, tracks } = catalogue.landmarks;
// Recordings are from apps of before November 2024, which still get everything.
const client = useSandbox({ quotaMode: 'extended', catalogue });

const usualAlbums = [albums.tracks130, albums.tracks20, albums.various];
const artistAlbums = `/artists/${artists.albums205}/albums?limit=50`;
const albumTracks = `/albums/${albums.tracks130}/tracks?limit=50`;
const twoPages = (path: string) => [`${path}&limit=10`, `${path}&limit=10&offset=10`];

/** For every kind of recorded read the reads of the sandbox that show the same. */
const counterparts: Record<string, string[]> = {
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
  'search artist': twoPages('/search?q=the&type=artist'),
  'search album': ['/search?q=a&type=album&limit=10'],
  'search track': ['/search?q=a&type=track&limit=50'],
};

/** Recorded reads of what the catalogue does not have. */
const otherKinds = /^(browse|episodes|playlists|shows|users|search playlist)/;

type RecordedCalls = Record<
  string,
  { url: string; status: number; headers: { date: string; 'www-authenticate'?: string } }
>;

interface Recording {
  kind: string;
  year: number;
  body: unknown;
}

const recordings = folder === null ? [] : ['rspotify', 'spotDL'].flatMap((set) => readSet(join(folder, set)));
const used = new Set<(typeof exceptions)[number]>();

it('there is something to compare with', () => {
  if (folder !== null) expect(recordings.length).toBeGreaterThan(40);
});

it.each(groupsOf(recordings))('%s is read in %i as from the sandbox today', async (kind, year, recorded) => {
  const paths = counterparts[kind] ?? [];
  const answers = await Promise.all(paths.map((path) => client.get(path)));
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));

  const found = differences(shapeOf(answers.map(({ json }) => json)), shapeOf(recorded));
  const unexcused = found.filter((difference) => {
    const exception = exceptions.find(
      ({ years = [year], kinds = [kind], differences: excused }) =>
        years.includes(year) && kinds.includes(kind) && excused.test(difference),
    );
    if (exception) used.add(exception);
    return !exception;
  });
  expect(unexcused).toEqual([]);
});

it.skipIf(folder === null)('an expired token is refused in the words of the recording', async () => {
  const file = 'album_find_5bU1XKYxHhEwukllT20xtk__1_401.json';
  const calls = readJson(join(folder ?? '', 'rspotify', '_http.json')) as RecordedCalls;
  const headers = await client.authorize();
  client.sandbox.expireTokens();
  const answer = await client.get(`/albums/${albums.tracks1}`, { headers });
  expect(answer.status).toBe(calls[file]?.status);
  expect(answer.text).toBe(readFileSync(join(folder ?? '', 'rspotify', file), 'utf8').trim());
  expect(answer.headers.get('www-authenticate')).toBe(calls[file]?.headers['www-authenticate']);
});

afterAll(() => {
  const idle = exceptions.filter((exception) => !used.has(exception));
  if (folder !== null) expect(idle, 'every exception is needed').toEqual([]);
});

/** The recorded successes of the Web API in one folder. */
function readSet(path: string): Recording[] {
  const calls = readJson(join(path, '_http.json')) as RecordedCalls;
  return Object.entries(calls).flatMap(([file, { url, status, headers }]) => {
    const { host, pathname, searchParams } = new URL(url);
    if (status !== 200 || host !== 'api.spotify.com') return [];
    const below = pathname.replace(/^\/v1\//, '').replace(/\/$/, '');
    const route = below.replace(/[0-9A-Za-z]{22}/, '*');
    const detail = [
      searchParams.get('type'),
      (searchParams.get('market') ?? searchParams.get('country')) && 'market',
    ];
    const kind = [route, ...detail].filter(Boolean).join(' ');
    if (otherKinds.test(kind)) return [];
    return [{ kind, year: new Date(headers.date).getUTCFullYear(), body: readJson(join(path, file)) }];
  });
}

/** Bodies by kind and year: what one recording leaves open another one may show. */
function groupsOf(all: readonly Recording[]): [kind: string, year: number, bodies: unknown[]][] {
  const groups = new Map<string, [string, number, unknown[]]>();
  for (const { kind, year, body } of all) {
    const [, , bodies] = groups.get(`${kind} ${year}`) ?? [kind, year, []];
    groups.set(`${kind} ${year}`, [kind, year, [...bodies, body]]);
  }
  return [...groups.values()];
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
