import { SpotifyApi } from '@spotify/web-api-ts-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { artists, albums, tracks, shows, episodes, audiobooks, chapters, playlists } = catalogue.fixtures;
const client = useSandbox({ catalogue });
const unknown = '0000000000000000000000';

// Spotify's own client has Spotify's addresses built in and calls the global fetch. The replaced fetch
// changes only the host of its requests, including those for tokens.
let spotify: SpotifyApi;
beforeAll(() => {
  const { apiUrl, tokenUrl, clientId, clientSecret } = client.sandbox;
  const realFetch = fetch;
  vi.stubGlobal('fetch', (url: string, init: RequestInit) =>
    realFetch(
      url
        .replace('https://api.spotify.com/v1', apiUrl)
        .replace('https://accounts.spotify.com/api/token', tokenUrl),
      init,
    ),
  );
  spotify = SpotifyApi.withClientCredentials(clientId, clientSecret);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

describe.each(['development', 'extended'] as const)('Spotify’s own client in %s mode', (quotaMode) => {
  beforeEach(() => client.sandbox.setQuotaMode(quotaMode));

  test('Spotify’s own client reads an artist', async () => {
    const artist = await spotify.artists.get(artists.bts);
    expect([artist.name, artist.type, artist.images.length]).toEqual(['BTS', 'artist', 3]);
  });

  test('Spotify’s own client reads an artist’s albums page by page', async () => {
    const ids: string[] = [];
    for (let offset = 0, more = true; more; offset += 10) {
      const page = await spotify.artists.albums(artists.albums50, 'album,single', undefined, 10, offset);
      ids.push(...page.items.map(({ id }) => id));
      more = page.next !== null;
    }
    const expectedSlots = catalogue
      .albumsOf(artists.albums50)
      .filter(({ group }) => /album|single/.test(group));
    expect(ids).toEqual(expectedSlots.map((slot) => (slot.shows === 'album' ? slot.albumId : null)));
  });

  test('Spotify’s own client reads an album and its tracks', async () => {
    const album = await spotify.albums.get(albums.tracks55);
    const rest = await spotify.albums.tracks(albums.tracks55, undefined, 50, 50);
    expect([...album.tracks.items, ...rest.items].map(({ id }) => id)).toEqual(
      catalogue.tracksOf(albums.tracks55).map(({ id }) => id),
    );
    expect(album.external_ids.upc).toBe(catalogue.album(albums.tracks55)?.upc);
  });

  test('Spotify’s own client reads a track in a market', async () => {
    const track = await spotify.tracks.get(tracks.relinked, 'ES');
    expect([track.id, track.is_playable, track.album.id]).toEqual([
      tracks.spanishReplacement,
      true,
      albums.spanishEdition,
    ]);
  });

  test('Spotify’s own client reads a show and its episodes page by page', async () => {
    const show = await spotify.shows.get(shows.episodes130, 'US');
    const pages = await Promise.all(
      [50, 100].map((offset) => spotify.shows.episodes(shows.episodes130, 'US', 50, offset)),
    );
    const items = [show.episodes, ...pages].flatMap((page) => page.items);
    const expectedSlots = catalogue.episodesOf(shows.episodes130);
    expect(items.map(({ id }) => id)).toEqual(
      expectedSlots.map((slot) => (slot.shows === 'episode' ? slot.episodeId : null)),
    );
    expect(show.total_episodes).toBe(expectedSlots.length);
  });

  test('Spotify’s own client reads an episode with its show', async () => {
    const episode = await spotify.episodes.get(episodes.newest, 'US');
    expect([episode.name, episode.show.id]).toEqual([
      catalogue.episode(episodes.newest)?.name,
      shows.episodes130,
    ]);
  });

  test('Spotify’s own client finds shows and episodes', async () => {
    const found = await spotify.search('The Longest Week', ['show', 'episode'], 'DE', 10);
    expect([found.shows.items[0]?.id, found.episodes.total]).toEqual([shows.episodes130, 130]);
  });

  test('Spotify’s own client reads an audiobook and its chapters page by page', async () => {
    const audiobook = await spotify.audiobooks.get(audiobooks.chapters130, 'US');
    const pages = await Promise.all(
      [50, 100].map((offset) =>
        spotify.audiobooks.getAudiobookChapters(audiobooks.chapters130, 'US', 50, offset),
      ),
    );
    const items = [audiobook.chapters, ...pages].flatMap((page) => page.items);
    expect(items.map(({ chapter_number }) => chapter_number)).toEqual([...Array(130).keys()]);
    expect([audiobook.total_chapters, audiobook.authors[0]?.name]).toEqual([
      130,
      catalogue.audiobook(audiobooks.chapters130)?.authors[0],
    ]);
  });

  test('Spotify’s own client reads a chapter with its audiobook', async () => {
    const chapter = await spotify.chapters.get(chapters.first, 'US');
    expect([chapter.name, chapter.audiobook.id]).toEqual(['Opening Credits', audiobooks.chapters130]);
  });

  test('Spotify’s own client finds audiobooks', async () => {
    const found = await spotify.search('The Longest Corridor', ['audiobook'], 'GB', 10);
    expect(found.audiobooks.items.map(({ id }) => id)).toEqual([audiobooks.chapters130]);
  });

  test('Spotify’s own client gets a 404 for a show that the market does not have', async () => {
    await expect(spotify.shows.get(shows.onlyGermany, 'US')).rejects.toThrow(
      /404.*Non existing id: 'spotify:show:/s,
    );
  });

  test('Spotify’s own client reads a playlist with its owner, and finds the playlist by a search', async () => {
    const playlist = await spotify.playlists.getPlaylist(playlists.items3);
    const expected = catalogue.playlist(playlists.items3);
    expect([playlist.name, playlist.owner.display_name]).toEqual([
      expected?.name,
      expected?.owner.displayName,
    ]);
    const found = await spotify.search('Three of a Kind', ['playlist'], undefined, 10);
    expect(found.playlists.items[0]?.id).toBe(playlists.items3);
  });

  test('Spotify’s own client finds artists, albums and tracks', async () => {
    const found = await spotify.search('BTS', ['artist', 'album', 'track'], 'DE', 10);
    expect(found.artists.items[0]?.id).toBe(artists.bts);
    expect(found.albums.items).toHaveLength(10);
    expect(found.tracks.items.every(({ artists: by }) => by.some(({ name }) => name === 'BTS'))).toBe(true);
  });

  test('Spotify’s own client gets the reason of a rejected call', async () => {
    await expect(spotify.albums.get(unknown)).rejects.toThrow(/404.*Non existing id: 'spotify:album:0{22}'/s);
    await expect(spotify.search('', ['artist'])).rejects.toThrow(/400.*No search query/s);
  });
});

describe('Spotify’s own client', () => {
  test('Spotify’s own client reads the items of a playlist with extended quota', async () => {
    client.sandbox.setQuotaMode('extended');
    const playlist = await spotify.playlists.getPlaylist(playlists.items230);
    const rest = await spotify.playlists.getPlaylistItems(playlists.items230, undefined, undefined, 50, 100);
    const ids = [...playlist.tracks.items, ...rest.items].map(({ track }) => track.id);
    const slots = catalogue.itemsOf(playlists.items230).slice(0, 150);
    expect(ids).toEqual(slots.map((slot) => (slot.shows === 'track' ? slot.trackId : null)));
  });

  test('Spotify’s own client has no access to the items of a playlist in development mode', async () => {
    client.sandbox.setQuotaMode('development');
    expect((await spotify.playlists.getPlaylist(playlists.items3)).tracks).toBeUndefined();
    await expect(spotify.playlists.getPlaylistItems(playlists.items3)).rejects.toThrow();
  });

  test('Spotify’s own client reads batches, top tracks and related artists with extended quota', async () => {
    client.sandbox.setQuotaMode('extended');
    const [one, none] = await spotify.artists.get([artists.bts, unknown]);
    expect([one?.followers.total, none]).toEqual([catalogue.artist(artists.bts)?.followers, null]);
    expect(
      (await spotify.albums.get([albums.tracks1, albums.tracks20])).map(({ label }) => typeof label),
    ).toEqual(['string', 'string']);
    expect((await spotify.tracks.get([tracks.explicit])).map(({ explicit }) => explicit)).toEqual([true]);
    expect((await spotify.shows.get([shows.gaps, unknown], 'US')).map((show) => show?.id)).toEqual([
      shows.gaps,
      undefined,
    ]);
    expect((await spotify.episodes.get([episodes.newest], 'US')).map(({ id }) => id)).toEqual([
      episodes.newest,
    ]);
    expect((await spotify.audiobooks.get([audiobooks.gaps, unknown], 'US')).map((book) => book?.id)).toEqual([
      audiobooks.gaps,
      undefined,
    ]);
    expect((await spotify.chapters.get([chapters.first], 'US')).map(({ id }) => id)).toEqual([
      chapters.first,
    ]);
    expect((await spotify.artists.topTracks(artists.bts, 'DE')).tracks).toHaveLength(10);
    expect((await spotify.artists.relatedArtists(artists.bts)).artists).toHaveLength(20);
    expect((await spotify.artists.albums(artists.bts, undefined, undefined, 50)).items).toHaveLength(50);
  });

  test('Spotify’s own client reads new releases, categories and the playlists of a user with extended quota', async () => {
    client.sandbox.setQuotaMode('extended');
    expect((await spotify.browse.getNewReleases(undefined, 50)).albums.items).toHaveLength(50);
    expect((await spotify.browse.getCategories()).categories.items.map(({ id }) => id)).toContain('party');
    expect((await spotify.browse.getCategory('party')).name).toBe('Party');
    expect((await spotify.users.profile('spotify')).display_name).toBe('Spotify');
    const { items } = await spotify.playlists.getUsersPlaylists('spotify');
    expect(new Set(items.map(({ owner }) => owner.id))).toEqual(new Set(['spotify']));
  });

  test('Spotify’s own client gets an error in development mode from each endpoint that needs extended quota', async () => {
    const forbidden = /"status": 403, "message": "Forbidden"/;
    await expect(spotify.artists.get([artists.bts])).rejects.toThrow(forbidden);
    await expect(spotify.albums.get([albums.tracks1])).rejects.toThrow(forbidden);
    await expect(spotify.tracks.get([tracks.explicit])).rejects.toThrow(forbidden);
    await expect(spotify.shows.get([shows.gaps], 'US')).rejects.toThrow(forbidden);
    await expect(spotify.browse.getNewReleases()).rejects.toThrow(forbidden);
    await expect(spotify.browse.getCategory('party')).rejects.toThrow(forbidden);
    await expect(spotify.playlists.getUsersPlaylists('spotify')).rejects.toThrow(forbidden);
    await expect(spotify.episodes.get([episodes.newest], 'US')).rejects.toThrow(forbidden);
    await expect(spotify.audiobooks.get([audiobooks.gaps], 'US')).rejects.toThrow(forbidden);
    await expect(spotify.chapters.get([chapters.first], 'US')).rejects.toThrow(forbidden);
    await expect(spotify.artists.topTracks(artists.bts, 'DE')).rejects.toThrow(forbidden);
    await expect(spotify.artists.relatedArtists(artists.bts)).rejects.toThrow(forbidden);
    await expect(spotify.artists.albums(artists.bts, undefined, undefined, 20)).rejects.toThrow(
      /Invalid limit/,
    );
  });
});
