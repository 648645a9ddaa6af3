import { chapterIdOf, fixtureAudiobooks } from './audiobooks.ts';
import { fixtureAlbums } from './fixture-albums.ts';
import { fixturePlaylists } from './playlists.ts';
import { episodeIdOf, fixtureShows } from './podcasts.ts';
import { fixtureArtists } from './roster.ts';
import { trackIdOf } from './tracks.ts';

const idsOf = <Key extends string>(fixtureObjects: Readonly<Record<Key, { id: string }>>) =>
  Object.fromEntries(
    Object.entries<{ id: string }>(fixtureObjects).map(([key, { id }]) => [key, id]),
  ) as Readonly<Record<Key, string>>;

const { explicit, partlyOutsideSpain, relinked, restricted, severalArtists, spanishEdition } = fixtureAlbums;

/** Ids of the fixtures: objects with known properties. */
export const fixtures = Object.freeze({
  artists: Object.freeze(idsOf(fixtureArtists)),
  albums: Object.freeze(idsOf(fixtureAlbums)),
  tracks: Object.freeze({
    explicit: trackIdOf(explicit.id, 0),
    /** By three artists. */
    severalArtists: trackIdOf(severalArtists.id, 0),
    /** With market ES the response is `spanishReplacement` (relinking). */
    relinked: trackIdOf(relinked.id, 0),
    spanishReplacement: trackIdOf(spanishEdition.id, 0),
    /** Not playable in ES, although its album is available there. */
    notInSpain: trackIdOf(partlyOutsideSpain.id, 2),
    /** Not playable in any market, for another reason than the market. */
    restricted: trackIdOf(restricted.id, 0),
    /** Restricted for an undocumented reason. */
    unknownRestriction: trackIdOf(restricted.id, 1),
  }),
  shows: Object.freeze(idsOf(fixtureShows)),
  playlists: Object.freeze(idsOf(fixturePlaylists)),
  episodes: Object.freeze({
    newest: episodeIdOf(fixtureShows.episodes130.id, 0),
    /** Restricted, explicit, and without a preview. */
    restricted: episodeIdOf(fixtureShows.episodes3.id, 0),
    /** Released in a month. */
    monthOnly: episodeIdOf(fixtureShows.episodes3.id, 1),
    onlyGermany: episodeIdOf(fixtureShows.onlyGermany.id, 0),
  }),
  audiobooks: Object.freeze(idsOf(fixtureAudiobooks)),
  chapters: Object.freeze({
    first: chapterIdOf(fixtureAudiobooks.chapters130.id, 0),
    /** Restricted, explicit, and without a preview. */
    restricted: chapterIdOf(fixtureAudiobooks.chapters3.id, 0),
    /** Released in a month. */
    monthOnly: chapterIdOf(fixtureAudiobooks.chapters3.id, 1),
    onlyBritain: chapterIdOf(fixtureAudiobooks.onlyBritain.id, 0),
  }),
});

export type Fixtures = typeof fixtures;
