import { createAlbumTracks } from './album-tracks.ts';
import { type Audiobooks, createAudiobooks } from './audiobooks.ts';
import { type Categories, createCategories } from './categories.ts';
import { drawDiscography } from './discography.ts';
import { type Fixtures, fixtures } from './fixtures.ts';
import type { Album, Artist, Audiobook, Episode, Playlist, Show, Slot, Track } from './model.ts';
import { createPlaylists, type Playlists } from './playlists.ts';
import { createPodcasts, type Podcasts } from './podcasts.ts';
import { drawArtist, ordinaryArtists, planArtists } from './roster.ts';
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
 * machine. It has its own data types, so that a test can compare responses with the data of the catalogue.
 */
export interface Catalogue extends Podcasts, Audiobooks, Playlists, Categories {
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
  const tracks = createAlbumTracks(albums, guests);
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
    track: createSlicedWork(() => indexTracks(tracks.all.now(), source)),
    show: createSlicedWork(() => indexShows(spokenWord.shows())),
    episode: createSlicedWork(() => indexEpisodes(spokenWord.episodes(), spokenWord)),
    audiobook: createSlicedWork(() => indexAudiobooks(spokenWord.audiobooks())),
    playlist: createSlicedWork(() => indexPlaylists(playlists.playlists())),
  };

  return {
    ...spokenWord,
    ...playlists,
    ...createCategories(playlists.playlists()),
    fixtures,
    artists: () => [...artists.values()],
    albums: () => [...albums.values()],
    tracks: tracks.all.now,
    artist: (id) => artists.get(id),
    album: (id) => albums.get(id),
    track: tracks.track,
    albumsOf: (artistId) => listings.get(artistId) ?? [],
    tracksOf: tracks.tracksOf,
    topTracksOf: (artistId) =>
      ownAlbumsOf(artistId)
        .flatMap(({ id }) => tracks.tracksOf(id))
        .sort((track, otherTrack) => otherTrack.popularity - track.popularity)
        .slice(0, topTracks),
    relatedTo: (artistId) => behind(artistId, [...artists.values()]).slice(0, relatedArtists),
    relinkedTrack: ({ id, albumId }) => {
      const { otherEditionId } = albums.get(albumId) ?? {};
      const place = tracks.tracksOf(albumId).findIndex((sibling) => sibling.id === id);
      return otherEditionId === undefined ? undefined : tracks.tracksOf(otherEditionId)[place];
    },
    // TypeScript does not see that the index of a kind returns that kind.
    find: (kind, q) => (indexes[kind].now() as (q: string) => readonly Findable[typeof kind][])(q),
    prepareTrackIds: async () => {
      await tracks.places.inSlices();
    },
    prepareSearch: async (kinds) => {
      if (kinds.includes('track')) await tracks.all.inSlices();
      if (kinds.includes('episode')) await spokenWord.prepareEpisodes();
      for (const kind of kinds) await indexes[kind].inSlices();
    },
  };
}

/** All other artists, beginning with the one after this artist. */
function behind(artistId: string, artists: readonly Artist[]): Artist[] {
  const place = artists.findIndex(({ id }) => id === artistId);
  return [...artists.slice(place + 1), ...artists.slice(0, place)];
}
