import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { QuotaMode } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { sharedPath } from '../support/shared.ts';
import { useSandbox } from './client.ts';
import { createCheck, type Difference } from './openapi-check.ts';
import { exceptions } from './openapi-exceptions.ts';

const { artists, albums, tracks, shows, episodes, audiobooks, chapters, playlists } = catalogue.fixtures;
const onlyMarkets: Record<string, string> = { [shows.onlyGermany]: 'DE', [audiobooks.onlyBritain]: 'GB' };
const marketOf = (id: string) => onlyMarkets[id] ?? 'US';
const unknown = '0000000000000000000000';

/** The document of 2025 is the last one that describes the endpoints and fields of extended quota. */
const documents: [QuotaMode, string][] = [
  ['development', 'fixed-spotify-open-api.yml'],
  ['extended', 'fixed-spotify-open-api.2025-10-03.yml'],
];
const folder = sharedPath('openapi');

const everyArtist = catalogue.artists().map(({ id }) => id);
const reads: Record<string, string[]> = {
  'get-an-artist': everyArtist.map((id) => `/artists/${id}`),
  'get-an-artists-albums': [
    ...everyArtist.map((id) => `/artists/${id}/albums?limit=10`),
    `/artists/${artists.edgeCases}/albums?limit=10&offset=10&market=ES`,
    `/artists/${artists.overstated}/albums?limit=10&offset=20`,
  ],
  'get-an-album': [
    ...Object.values(albums).flatMap((id) => [`/albums/${id}`, `/albums/${id}?market=ES`]),
    ...catalogue
      .albums()
      .slice(0, 50)
      .map(({ id }) => `/albums/${id}`),
  ],
  'get-an-albums-tracks': Object.values(albums).flatMap((id) => [
    `/albums/${id}/tracks?limit=50`,
    `/albums/${id}/tracks?market=ES`,
  ]),
  'get-track': Object.values(tracks).flatMap((id) => [`/tracks/${id}`, `/tracks/${id}?market=ES`]),
  'get-a-show': Object.values(shows).map((id) => `/shows/${id}?market=${marketOf(id)}`),
  'get-a-shows-episodes': Object.values(shows).flatMap((id) =>
    [0, 50].map((offset) => `/shows/${id}/episodes?market=${marketOf(id)}&limit=50&offset=${offset}`),
  ),
  'get-an-episode': [episodes.newest, episodes.restricted].map((id) => `/episodes/${id}?market=US`),
  'get-an-audiobook': Object.values(audiobooks).map((id) => `/audiobooks/${id}?market=${marketOf(id)}`),
  'get-audiobook-chapters': Object.values(audiobooks).flatMap((id) =>
    [0, 50].map((offset) => `/audiobooks/${id}/chapters?market=${marketOf(id)}&limit=50&offset=${offset}`),
  ),
  'get-a-chapter': [chapters.first, chapters.restricted, chapters.monthOnly].map(
    (id) => `/chapters/${id}?market=US`,
  ),
  'get-playlist': [playlists.items3, playlists.items100, playlists.empty].map((id) => `/playlists/${id}`),
  'get-playlist-cover': [`/playlists/${playlists.items3}/images`],
  search: [
    '/search?q=BTS&type=artist,album,track',
    '/search?q=a&type=artist,album,track&market=ES&limit=10&offset=20',
    '/search?q=a&type=playlist,show,episode,audiobook&market=US',
    '/search?q=evening&type=show,episode&market=DE&limit=10',
    '/search?q=corridor&type=audiobook&market=GB&limit=10',
  ],
};
const extendedReads: typeof reads = {
  'get-multiple-artists': [`/artists?ids=${artists.bts},${unknown},${artists.albums1}`],
  'get-multiple-albums': [
    `/albums?ids=${albums.tracks55},${unknown}`,
    `/albums?ids=${albums.relinked}&market=ES`,
  ],
  'get-several-tracks': [`/tracks?ids=${tracks.relinked},${unknown}&market=ES`],
  'get-multiple-shows': [`/shows?ids=${shows.gaps},${unknown}&market=US`],
  'get-multiple-audiobooks': [`/audiobooks?ids=${audiobooks.gaps},${unknown}&market=US`],
  'get-several-chapters': [`/chapters?ids=${chapters.first},${unknown}&market=US`],
  'get-multiple-episodes': [`/episodes?ids=${episodes.newest},${unknown}&market=US`],
  'get-playlists-tracks': [playlists.items230, playlists.items3].map(
    (id) => `/playlists/${id}/tracks?limit=50`,
  ),
  'get-new-releases': ['/browse/new-releases', '/browse/new-releases?limit=50&offset=50'],
  'get-categories': ['/browse/categories', '/browse/categories?limit=50&offset=50&locale=sv_SE'],
  'get-a-category': ['/browse/categories/party', '/browse/categories/jazz?locale=sv_SE'],
  'get-a-categories-playlists': ['/browse/categories/jazz/playlists?limit=50'],
  'get-users-profile': ['/users/spotify'],
  'get-list-users-playlists': ['/users/spotify/playlists'],
  'get-an-artists-top-tracks': [`/artists/${artists.bts}/top-tracks?market=DE`],
  'get-an-artists-related-artists': [`/artists/${artists.bts}/related-artists`],
};

const used = new Set<(typeof exceptions)[number]>();

describe.each(documents)('in %s mode', (quotaMode, file) => {
  const check = folder === null ? undefined : createCheck(join(folder, file));
  const client = useSandbox({ quotaMode, catalogue });

  /** The exception that allows a difference. Only a response for a market may lack `available_markets`. */
  const exceptionFor = ({ fault, key, at }: Difference, url: string) =>
    exceptions.find(
      (exception) =>
        exception.modes.includes(quotaMode) &&
        exception.fault === fault &&
        (exception.key ?? key) === key &&
        exception.at.test(at) &&
        (quotaMode === 'development' || key !== 'available_markets' || url.includes('market=')),
    );

  const cases = Object.entries({ ...reads, ...(quotaMode === 'extended' && extendedReads) });
  test.skipIf(folder === null).each(cases)(
    'every response of %s conforms to Spotify’s document',
    async (operationId, urls) => {
      const differences = await check;
      const unexpected: string[] = [];
      for (const url of urls) {
        const { status, json } = await client.get(url);
        expect(status).toBe(200);
        for (const difference of differences?.(json, operationId) ?? []) {
          const exception = exceptionFor(difference, url);
          if (exception) used.add(exception);
          else unexpected.push(`${url}: ${difference.fault} ${difference.at} ${difference.key}`);
        }
      }
      expect(unexpected).toEqual([]);
    },
  );
});

afterAll(() => {
  const unused = exceptions.filter((exception) => !used.has(exception));
  if (folder !== null) expect(unused, 'every exception is needed').toEqual([]);
});
