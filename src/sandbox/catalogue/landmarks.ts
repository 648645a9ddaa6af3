import { landmarkAlbums } from './landmark-albums.ts';
import { landmarkArtists } from './roster.ts';
import { trackIdOf } from './tracks.ts';

const idsOf = <Key extends string>(things: Readonly<Record<Key, { id: string }>>) =>
  Object.fromEntries(Object.entries<{ id: string }>(things).map(([key, { id }]) => [key, id])) as Readonly<
    Record<Key, string>
  >;

const { explicit, partlyOutsideSpain, relinked, restricted, severalArtists, spanishEdition } = landmarkAlbums;

/** Ids of everything in the catalogue that was put there on purpose. */
export const landmarks = Object.freeze({
  artists: Object.freeze(idsOf(landmarkArtists)),
  albums: Object.freeze(idsOf(landmarkAlbums)),
  tracks: Object.freeze({
    explicit: trackIdOf(explicit.id, 0),
    /** By three artists. */
    severalArtists: trackIdOf(severalArtists.id, 0),
    /** Asked with market ES it answers as `spanishTwin`. */
    relinked: trackIdOf(relinked.id, 0),
    spanishTwin: trackIdOf(spanishEdition.id, 0),
    /** Not playable in ES, though its album is available there. */
    notInSpain: trackIdOf(partlyOutsideSpain.id, 2),
    /** Not playable anywhere, for a reason that is not the market. */
    restricted: trackIdOf(restricted.id, 0),
    /** Restricted for a reason that no document lists. */
    unknownRestriction: trackIdOf(restricted.id, 1),
  }),
});

export type Landmarks = typeof landmarks;
