import { type Audiobooks, createAudiobooks } from './audiobooks.ts';
import { drawDiscography } from './discography.ts';
import { type AlbumPlan, fixtureAlbums } from './fixture-albums.ts';
import { type Fixtures, fixtures } from './fixtures.ts';
import type { Album, Artist, Audiobook, Episode, Playlist, Show, Slot, Track } from './model.ts';
import { createPlaylists, type Playlists } from './playlists.ts';
import { createPodcasts, type Podcasts } from './podcasts.ts';
import { drawArtist, fixtureArtists, ordinaryArtists, planArtists } from './roster.ts';
import {
  indexAlbums,
  indexArtists,
  indexAudiobooks,
  indexEpisodes,
  indexPlaylists,
  indexShows,
  indexTracks,
  type SearchSource,
  yearOf,
} from './search-index.ts';
import { createSlicedWork } from './sliced-work.ts';
import { drawTracks, trackIdOf } from './tracks.ts';

/** The kinds of objects that a search can find. */
export interface Findable {
  artist: Artist;
  album: Album;
  track: Track;
  show: Show;
  episode: Episode;
  audiobook: Audiobook;
  playlist: Playlist;
}

/**
 * The music, the podcasts, the audiobooks and the playlists of a sandbox: synthetic, immutable, and the same on every
 * machine. It has its own data types, so that a test can compare responses with the data behind them.
 */
export interface Catalogue extends Podcasts, Audiobooks, Playlists {
  /** Ids of the fixtures, which tests use by name: `fixtures.artists.bts`, `fixtures.albums.tracks55`, … */
  readonly fixtures: Fixtures;
  /** All artists, fixtures first. */
  artists(): readonly Artist[];
  /** All albums. */
  albums(): readonly Album[];
  /** All tracks. The first call generates them. */
  tracks(): readonly Track[];
  artist(id: string): Artist | undefined;
  album(id: string): Album | undefined;
  track(id: string): Track | undefined;
  /**
   * The artist's list of albums, slot by slot in Spotify's order, over all groups and markets, with its defects.
   * Empty for an unknown id.
   */
  albumsOf(artistId: string): readonly Slot[];
  /** The album's tracks in order. Empty for an unknown id. */
  tracksOf(albumId: string): readonly Track[];
  /** The artist's most popular tracks, at most ten, the most popular first. */
  topTracksOf(artistId: string): readonly Track[];
  /** Up to twenty other artists, the same on every call. */
  relatedTo(artistId: string): readonly Artist[];
  /** The track that replaces this one in markets where only the other edition of its album is available. */
  relinkedTrack(track: Track): Track | undefined;
  /** Everything that matches `q` (words, "quoted phrases", field filters), the best match first. */
  find<Kind extends keyof Findable>(kind: Kind, q: string): readonly Findable[Kind][];
  /**
   * Does the work of the first `track` call in slices of a few milliseconds, so that a server in the same process
   * stays responsive.
   */
  prepareTrackIds(): Promise<void>;
  /** Does the work of the first `find` for these kinds in slices. */
  prepareSearch(kinds: readonly (keyof Findable)[]): Promise<void>;
}

const topTracks = 10;
const relatedArtists = 20;

/**
 * Generates the catalogue. Tracks and search indexes are generated at their first use.
 * @param artistCount how many artists there are besides the fixtures
 */
export function createCatalogue(artistCount = ordinaryArtists): Catalogue {
  const spokenWord = { ...createPodcasts(), ...createAudiobooks() };
  const plans = planArtists(artistCount);
  const artists = new Map(plans.map((plan) => [plan.id, drawArtist(plan)]));
  const { albums, listings, guests } = drawDiscography(plans);
  const playlists = createPlaylists([...albums.values()]);
  const oddTracks = new Map(Object.values<AlbumPlan>(fixtureAlbums).map(({ id, tracks }) => [id, tracks]));

  const drawnTracks = new Map<string, readonly Track[]>();
  const tracksOf = (albumId: string): readonly Track[] => {
    const album = albums.get(albumId);
    if (!album) return [];
    const various = album.artistIds.includes(fixtureArtists.various.id);
    const drawn =
      drawnTracks.get(albumId) ??
      drawTracks(album, guests.get(albumId) ?? [], various, oddTracks.get(albumId));
    drawnTracks.set(albumId, drawn);
    return drawn;
  };

  const allTracks = createSlicedWork(function* () {
    const all: Track[] = [];
    for (const id of albums.keys()) {
      all.push(...tracksOf(id));
      yield;
    }
    return all;
  });
  // Ids are known without generating the tracks, so that one track costs one album, not all.
  const trackPlaces = createSlicedWork(function* () {
    const places = new Map<string, TrackPlace>();
    for (const album of albums.values()) {
      for (const [id, place] of placesOf(album)) places.set(id, place);
      yield;
    }
    return places;
  });
  const track = (id: string): Track | undefined => {
    const place = trackPlaces.now().get(id);
    return place && tracksOf(place.albumId)[place.index];
  };
  const ownAlbumsOf = (artistId: string) =>
    [...albums.values()].filter(({ artistIds }) => artistIds.includes(artistId));

  const source: SearchSource = {
    artistNames: (ids) => ids.map((id) => artists.get(id)?.name ?? '').join(' '),
    albumOf: ({ albumId }) => albums.get(albumId),
    yearsOf: ({ id }) => new Set(ownAlbumsOf(id).map(yearOf)),
  };
  const indexes = {
    artist: createSlicedWork(() => indexArtists([...artists.values()], source)),
    album: createSlicedWork(() => indexAlbums([...albums.values()], source)),
    track: createSlicedWork(() => indexTracks(allTracks.now(), source)),
    show: createSlicedWork(() => indexShows(spokenWord.shows())),
    episode: createSlicedWork(() => indexEpisodes(spokenWord.episodes(), spokenWord)),
    audiobook: createSlicedWork(() => indexAudiobooks(spokenWord.audiobooks())),
    playlist: createSlicedWork(() => indexPlaylists(playlists.playlists())),
  };

  return {
    ...spokenWord,
    ...playlists,
    fixtures,
    artists: () => [...artists.values()],
    albums: () => [...albums.values()],
    tracks: allTracks.now,
    artist: (id) => artists.get(id),
    album: (id) => albums.get(id),
    track,
    albumsOf: (artistId) => listings.get(artistId) ?? [],
    tracksOf,
    topTracksOf: (artistId) =>
      ownAlbumsOf(artistId)
        .flatMap(({ id }) => tracksOf(id))
        .sort((one, other) => other.popularity - one.popularity)
        .slice(0, topTracks),
    relatedTo: (artistId) => behind(artistId, [...artists.values()]).slice(0, relatedArtists),
    relinkedTrack: ({ id, albumId }) => {
      const { otherEditionId } = albums.get(albumId) ?? {};
      const place = tracksOf(albumId).findIndex((sibling) => sibling.id === id);
      return otherEditionId === undefined ? undefined : tracksOf(otherEditionId)[place];
    },
    // TypeScript does not see that the index of a kind returns that kind.
    find: (kind, q) => (indexes[kind].now() as (q: string) => readonly Findable[typeof kind][])(q),
    prepareTrackIds: async () => {
      await trackPlaces.inSlices();
    },
    prepareSearch: async (kinds) => {
      if (kinds.includes('track')) await allTracks.inSlices();
      if (kinds.includes('episode')) await spokenWord.prepareEpisodes();
      for (const kind of kinds) await indexes[kind].inSlices();
    },
  };
}

/** All other artists, beginning behind this one. */
function behind(artistId: string, artists: readonly Artist[]): Artist[] {
  const place = artists.findIndex(({ id }) => id === artistId);
  return [...artists.slice(place + 1), ...artists.slice(0, place)];
}

interface TrackPlace {
  albumId: string;
  index: number;
}

const placesOf = ({ id, totalTracks }: Album) =>
  Array.from({ length: totalTracks }, (_, index) => [trackIdOf(id, index), { albumId: id, index }] as const);
