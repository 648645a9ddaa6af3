import { type AlbumPlan, fixtureAlbums } from './fixture-albums.ts';
import type { Album, Track } from './model.ts';
import { fixtureArtists } from './roster.ts';
import { createSlicedWork, type SlicedWork } from './sliced-work.ts';
import { drawTracks, trackIdOf } from './tracks.ts';

/** The tracks of a sandbox, generated album by album at their first use. */
export interface AlbumTracks {
  tracksOf(albumId: string): readonly Track[];
  track(id: string): Track | undefined;
  all: SlicedWork<readonly Track[]>;
  /** Ids are known without generating the tracks, so that one track costs one album, not all. */
  places: SlicedWork<ReadonlyMap<string, TrackPlace>>;
}

interface TrackPlace {
  albumId: string;
  index: number;
}

/** @param guests the artists that appear on an album besides its own */
export function createAlbumTracks(
  albums: ReadonlyMap<string, Album>,
  guests: ReadonlyMap<string, readonly string[]>,
): AlbumTracks {
  const fixedPropertiesByAlbum = new Map(
    Object.values<AlbumPlan>(fixtureAlbums).map(({ id, tracks }) => [id, tracks]),
  );
  const drawnTracks = new Map<string, readonly Track[]>();

  function tracksOf(albumId: string): readonly Track[] {
    const album = albums.get(albumId);
    if (!album) return [];
    const isByVariousArtists = album.artistIds.includes(fixtureArtists.various.id);
    const tracks =
      drawnTracks.get(albumId) ??
      drawTracks(album, guests.get(albumId) ?? [], isByVariousArtists, fixedPropertiesByAlbum.get(albumId));
    drawnTracks.set(albumId, tracks);
    return tracks;
  }

  const places = createSlicedWork(function* () {
    const placesById = new Map<string, TrackPlace>();
    for (const album of albums.values()) {
      for (const [id, place] of placesOf(album)) placesById.set(id, place);
      yield;
    }
    return placesById;
  });

  return {
    tracksOf,
    track(id) {
      const place = places.now().get(id);
      return place && tracksOf(place.albumId)[place.index];
    },
    all: createSlicedWork(function* () {
      const tracks: Track[] = [];
      for (const id of albums.keys()) {
        tracks.push(...tracksOf(id));
        yield;
      }
      return tracks;
    }),
    places,
  };
}

const placesOf = ({ id, totalTracks }: Album) =>
  Array.from({ length: totalTracks }, (_, index) => [trackIdOf(id, index), { albumId: id, index }] as const);
