import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createCatalogue } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';

const { artists, albums, tracks } = catalogue.fixtures;

function fingerprint(of: typeof catalogue): string {
  const lists = of.artists().map(({ id }) => of.albumsOf(id));
  const music = [of.artists(), of.albums(), of.tracks(), lists];
  const spoken = [of.shows(), of.episodes(), of.audiobooks(), of.chapters()];
  const contents = of.playlists().map((playlist) => [playlist, of.itemsOf(playlist.id)]);
  const all = JSON.stringify([of.fixtures, ...music, ...spoken, contents]);
  return createHash('sha256').update(all).digest('hex');
}

describe('a catalogue', () => {
  test('every created catalogue has the same contents, whatever the order of reads', () => {
    const other = createCatalogue();
    // The order of reads must not change the catalogue.
    other.track(tracks.relinked);
    other.find('track', 'a');
    expect(fingerprint(other)).toBe(fingerprint(catalogue));
  });

  test('a catalogue has the same contents on every machine', () => {
    expect(fingerprint(catalogue)).toBe('064fdff861b34194f3dc7d4d16aa23f1511ab928823dc2877c98e45c54c61948');
  });

  test('a catalogue gives every object a unique id of 22 base62 characters below 2^128', () => {
    const ids = [
      ...[catalogue.artists(), catalogue.albums(), catalogue.tracks()].flat(),
      ...[catalogue.shows(), catalogue.episodes()].flat(),
      ...[catalogue.audiobooks(), catalogue.chapters()].flat(),
      ...catalogue.playlists(),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[0-9A-Za-z]{22}$/.test(id) || numberOf(id) >= 2n ** 128n)).toEqual([]);
  });

  test('a catalogue has no object and no list for an unknown id', () => {
    const unknown = '0000000000000000000000';
    const { artist, album, track, show, episode, audiobook, chapter, playlist } = catalogue;
    for (const find of [artist, album, track, show, episode, audiobook, chapter, playlist])
      expect(find(unknown)).toBeUndefined();
    const { albumsOf, tracksOf, episodesOf, chaptersOf, itemsOf } = catalogue;
    for (const list of [albumsOf, tracksOf, episodesOf, chaptersOf, itemsOf])
      expect(list(unknown)).toEqual([]);
  });

  test('a catalogue finds every listed artist, album and track by its id', () => {
    expect(Object.values(artists).filter((id) => catalogue.artist(id)?.id !== id)).toEqual([]);
    expect(Object.values(albums).filter((id) => catalogue.album(id)?.id !== id)).toEqual([]);
    expect(Object.values(tracks).filter((id) => catalogue.track(id)?.id !== id)).toEqual([]);
    expect(catalogue.tracks().filter(({ id }) => catalogue.track(id)?.id !== id)).toEqual([]);
    const listed = catalogue.artists().flatMap(({ id }) => catalogue.albumsOf(id));
    expect(listed.filter((slot) => slot.shows === 'album' && !catalogue.album(slot.albumId))).toEqual([]);
  });

  test('a playlist has the stated number of slots, and the catalogue has each track and episode in the slots', () => {
    for (const playlist of catalogue.playlists()) {
      const slots = catalogue.itemsOf(playlist.id);
      expect(slots.length).toBe(playlist.totalItems);
      for (const slot of slots) {
        if (slot.shows === 'track') expect(catalogue.track(slot.trackId)).toBeDefined();
        if (slot.shows === 'episode') expect(catalogue.episode(slot.episodeId)).toBeDefined();
      }
    }
  });

  test('a show has the stated number of slots, and each episode in the slots is an episode of the show', () => {
    for (const show of catalogue.shows()) {
      const slots = catalogue.episodesOf(show.id);
      expect(slots).toHaveLength(show.totalEpisodes);
      const ids = slots.flatMap((slot) => (slot.shows === 'episode' ? [slot.episodeId] : []));
      expect(ids.filter((id) => catalogue.episode(id)?.showId !== show.id)).toEqual([]);
    }
  });

  test('each chapter in a slot of an audiobook is a chapter of the audiobook and has the number of the slot', () => {
    for (const { id } of catalogue.audiobooks()) {
      for (const [number, slot] of catalogue.chaptersOf(id).entries()) {
        if (slot.shows !== 'chapter') continue;
        expect(catalogue.chapter(slot.chapterId)).toMatchObject({ audiobookId: id, number });
      }
    }
  });

  test('an album has the stated number of tracks, on the stated discs', () => {
    for (const album of catalogue.albums()) {
      const onDiscs = album.discs.map(
        (_, disc) => catalogue.tracksOf(album.id).filter((track) => track.disc === disc + 1).length,
      );
      expect(onDiscs).toEqual([...album.discs]);
      expect(album.totalTracks).toBe(onDiscs.reduce((sum, count) => sum + count, 0));
    }
  });

  test('an artist has a track on every album of the group appears_on, and the album is by other artists', () => {
    for (const { id } of catalogue.artists()) {
      for (const slot of catalogue.albumsOf(id)) {
        if (slot.shows !== 'album' || slot.group !== 'appears_on') continue;
        expect(catalogue.album(slot.albumId)?.artistIds).not.toContain(id);
        expect(catalogue.tracksOf(slot.albumId).some(({ artistIds }) => artistIds.includes(id))).toBe(true);
      }
    }
  });

  test('a catalogue has at least forty ordinary artists with 12 to 48 albums each', () => {
    const fixtures = new Set<string>(Object.values(artists));
    const ordinary = catalogue.artists().filter(({ id }) => !fixtures.has(id));
    const counts = ordinary.map(({ id }) => catalogue.albumsOf(id).length);
    expect(ordinary.length).toBeGreaterThanOrEqual(40);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(12);
    expect(Math.max(...counts)).toBeLessThanOrEqual(48);
    expect(new Set(counts).size).toBeGreaterThan(10);
  });
});

describe('the fixtures', () => {
  const album = (name: keyof typeof albums) => catalogue.album(albums[name]);

  test('the fixture artist BTS has the id of BTS at Spotify', () => {
    expect(artists.bts).toBe('3Nrfpe0tUJi4K4DXYWgMUX');
    expect(catalogue.artist(artists.bts)?.name).toBe('BTS');
  });

  test('the fixture album `unknownType` is the only album of a type that the documentation lacks', () => {
    const odd = catalogue.albums().filter(({ type }) => !['album', 'single', 'compilation'].includes(type));
    expect(odd.map(({ id, type }) => [id, type])).toEqual([[albums.unknownType, 'ep']]);
  });

  test('the fixture albums have the properties in their names', () => {
    expect(album('noImages')?.images).toEqual([]);
    expect(album('nameless')?.name).toBe('');
    expect(album('unsizedImages')?.images).toMatchObject([{ width: null, height: null }]);
    expect(album('yearOnly')).toMatchObject({ releaseDate: '1987', precision: 'year' });
    expect(album('monthOnly')).toMatchObject({ releaseDate: '1991-03', precision: 'month' });
    expect(album('junkDate')).toMatchObject({ releaseDate: '0000', precision: 'year' });
    expect(album('severalDiscs')?.discs).toEqual([12, 10, 11]);
    expect(album('onlyKorea')?.markets).toEqual(['KR']);
    expect(album('nowhere')?.markets).toEqual([]);
    expect(album('various')).toMatchObject({ type: 'compilation', artistIds: [artists.various] });
  });

  test('the fixture tracks have the properties in their names', () => {
    expect(catalogue.track(tracks.explicit)?.explicit).toBe(true);
    expect(catalogue.track(tracks.severalArtists)?.artistIds).toHaveLength(3);
    expect(catalogue.track(tracks.notInSpain)?.markets).not.toContain('ES');
    const relinked = catalogue.track(tracks.relinked);
    expect(relinked && catalogue.relinkedTrack(relinked)?.id).toBe(tracks.spanishReplacement);
    expect(relinked?.isrc).toBe(catalogue.track(tracks.spanishReplacement)?.isrc);
  });

  test('each track of the fixture album `various` is by one artist other than Various Artists', () => {
    const performers = catalogue.tracksOf(albums.various).map(({ artistIds }) => artistIds);
    expect(performers.filter(({ length }) => length !== 1)).toEqual([]);
    expect(new Set(performers.flat()).size).toBeGreaterThan(5);
    expect(performers.flat()).not.toContain(artists.various);
  });
});

test('the ordinary catalogue has data that clients often mishandle: no genres, no images, dates without a day', () => {
  expect(catalogue.artists().some(({ genres }) => genres.length === 0)).toBe(true);
  expect(new Set(catalogue.albums().map(({ precision }) => precision))).toEqual(
    new Set(['year', 'month', 'day']),
  );
  expect(catalogue.artists().some(({ images }) => images.length === 0)).toBe(true);
  expect(catalogue.albums().filter(({ images }) => images.length === 0).length).toBeGreaterThan(1);
  expect(catalogue.tracks().filter(({ artistIds }) => artistIds.length > 1).length).toBeGreaterThan(100);
});

function numberOf(id: string): bigint {
  const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  return Array.from(id).reduce((value, digit) => value * 62n + BigInt(digits.indexOf(digit)), 0n);
}
