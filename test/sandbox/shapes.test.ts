import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { QuotaMode } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { sharedPath } from '../support/shared.ts';
import { useSandbox } from './client.ts';
import { createShapeCheck, type ShapesFile } from './shapes-check.ts';

const path = sharedPath('shapes');
const shapes = path === null ? null : (JSON.parse(readFileSync(path, 'utf8')) as ShapesFile);
const { artists, albums, playlists } = catalogue.fixtures;
const modes: readonly QuotaMode[] = ['development', 'extended'];

const usualAlbums = [albums.tracks20, albums.tracks130, albums.severalArtists, albums.various];
const reads = {
  artists: [artists.bts, artists.albums205].map((id) => `/artists/${id}`),
  artistAlbums: [`/artists/${artists.albums205}/albums?limit=10`, `/artists/${artists.bts}/albums?offset=90`],
  albums: usualAlbums.map((id) => `/albums/${id}`),
  albumTracks: usualAlbums.map((id) => `/albums/${id}/tracks?limit=50`),
  tracks: usualAlbums.flatMap((id) => catalogue.tracksOf(id).map((track) => `/tracks/${track.id}`)),
  artistSearch: ['/search?q=the&type=artist', '/search?q=BTS&type=artist'],
  albumSearch: ['/search?q=a&type=album&limit=10'],
  playlists: [playlists.items230, playlists.items3].map((id) => `/playlists/${id}`),
  playlistItems: [playlists.items230, playlists.items3].map((id) => `/playlists/${id}/tracks?limit=50`),
  playlistSearch: ['/search?q=three&type=playlist'],
  trackSearch: ['/search?q=a&type=track&limit=10'],
};

interface Place {
  paths: readonly string[];
  /** The path to the objects inside the response; `*` stands for every entry of a list. */
  way: string;
}

/** The places of each kind in the sandbox's responses. */
const kindPlaces: Record<string, readonly Place[]> = {
  'artist.full': [
    { paths: reads.artists, way: '' },
    { paths: reads.artistSearch, way: 'artists.items.*' },
  ],
  'artist.short': [
    { paths: reads.albums, way: 'artists.*' },
    { paths: reads.albums, way: 'tracks.items.*.artists.*' },
    { paths: reads.albumTracks, way: 'items.*.artists.*' },
    { paths: reads.artistAlbums, way: 'items.*.artists.*' },
    { paths: reads.albumSearch, way: 'albums.items.*.artists.*' },
    { paths: reads.tracks, way: 'artists.*' },
    { paths: reads.tracks, way: 'album.artists.*' },
    { paths: reads.trackSearch, way: 'tracks.items.*.artists.*' },
  ],
  'album.full': [{ paths: reads.albums, way: '' }],
  'album.short.of_artist': [{ paths: reads.artistAlbums, way: 'items.*' }],
  'album.short.of_track': [
    { paths: reads.tracks, way: 'album' },
    { paths: reads.trackSearch, way: 'tracks.items.*.album' },
  ],
  'album.short.found': [{ paths: reads.albumSearch, way: 'albums.items.*' }],
  'track.full': [
    { paths: reads.tracks, way: '' },
    { paths: reads.trackSearch, way: 'tracks.items.*' },
  ],
  'track.on_album': [
    { paths: reads.albums, way: 'tracks.items.*' },
    { paths: reads.albumTracks, way: 'items.*' },
  ],
};

/** The same for playlists, whose contents only apps with extended quota get. */
const playlistPlaces: Record<string, readonly Place[]> = {
  'playlist.short': [{ paths: reads.playlistSearch, way: 'playlists.items.*' }],
  'user.owner': [
    { paths: reads.playlists, way: 'owner' },
    { paths: reads.playlistSearch, way: 'playlists.items.*.owner' },
  ],
  'playlist.full': [{ paths: reads.playlists, way: '' }],
  'playlist.entry': [
    { paths: reads.playlists, way: 'tracks.items.*' },
    { paths: reads.playlistItems, way: 'items.*' },
  ],
  'user.added_by': [{ paths: reads.playlistItems, way: 'items.*.added_by' }],
  'track.of_playlist': [{ paths: reads.playlistItems, way: 'items.*.track' }],
  'album.short.of_playlist_track': [{ paths: reads.playlistItems, way: 'items.*.track.album' }],
};

/** The places of the pages whose key order the file states. */
const pagePlaces: Record<string, Place> = {
  'artists/{id}/albums': { paths: reads.artistAlbums, way: '' },
  'albums/{id} tracks': { paths: reads.albums, way: 'tracks' },
  'albums/{id}/tracks': { paths: reads.albumTracks, way: '' },
  'playlists/{id} tracks': { paths: reads.playlists, way: 'tracks' },
  'playlists/{id}/tracks': { paths: reads.playlistItems, way: '' },
  'search playlists': { paths: reads.playlistSearch, way: 'playlists' },
  'search artists': { paths: reads.artistSearch, way: 'artists' },
  'search albums': { paths: reads.albumSearch, way: 'albums' },
  'search tracks': { paths: reads.trackSearch, way: 'tracks' },
};

/** Kinds that an app in development mode cannot read with an app token. */
const isOfPlaylists = (name: string) => /playlist|^user/.test(name);

/** Removes the new names of the contents, which recordings of 2024 lack; such apps get both names since 2026. */
function withoutNewName(object: unknown): unknown {
  const { items: _items, item: _item, ...rest } = object as Record<string, unknown>;
  return rest;
}

/**
 * Kinds whose key order in extended quota was recorded in 2024: development mode has the newer
 * order, and the sandbox has one order for both.
 */
const olderOrder: readonly string[] = ['album.short.found'];

describe.skipIf(shapes === null).each(modes)('in %s mode', (quotaMode) => {
  const client = useSandbox({ quotaMode, catalogue });
  const check = createShapeCheck(shapes ?? { kinds: {}, page: { orders: {}, at: {} } }, quotaMode);

  const objectsAt = async ({ paths, way }: Place): Promise<unknown[]> => {
    const responses = await Promise.all(paths.map((path) => client.get(path)));
    expect(responses.map(({ status }) => status)).toEqual(paths.map(() => 200));
    const found = responses.flatMap(({ json }) => valuesAt(json, way));
    expect(found.length, `objects at ${paths[0]} ${way}`).toBeGreaterThan(0);
    return found;
  };

  const kinds = Object.keys(shapes?.kinds ?? {}).filter(
    (name) => quotaMode === 'extended' || !isOfPlaylists(name),
  );
  test.each(kinds)(
    '%s has the recorded keys, no others, in their order and with their types',
    async (kind) => {
      for (const place of kindPlaces[kind] ??
        playlistPlaces[kind] ?? [{ paths: [], way: 'no place is known for this kind' }]) {
        const ordered = quotaMode === 'development' || !olderOrder.includes(kind);
        const problems = (await objectsAt(place)).flatMap((object) =>
          check.kind(kind, isOfPlaylists(kind) ? withoutNewName(object) : object, { ordered }),
        );
        expect([...new Set(problems)]).toEqual([]);
      }
    },
  );

  const pages = Object.entries(shapes?.page.at ?? {}).flatMap(([name, captured]) =>
    captured[quotaMode] && (quotaMode === 'extended' || !isOfPlaylists(name)) ? [name] : [],
  );
  test.each(pages)('the page of %s has its keys in the recorded order', async (name) => {
    const place = pagePlaces[name] ?? { paths: [], way: 'no place is known for this page' };
    const problems = (await objectsAt(place)).flatMap((page) => check.page(name, page));
    expect([...new Set(problems)]).toEqual([]);
  });
});

function valuesAt(value: unknown, way: string): unknown[] {
  if (way === '') return [value];
  const [step = '', ...rest] = way.split('.');
  const next = step === '*' ? (value as unknown[]) : [(value as Record<string, unknown>)[step]];
  return next.flatMap((entry) => valuesAt(entry, rest.join('.')));
}
