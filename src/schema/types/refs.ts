import type {
  Album as AlbumObject,
  Artist as ArtistObject,
  Track as TrackObject,
} from '../../datasources/spotify/index.ts';
import { builder } from '../builder.ts';
import type { WithPrefetched } from '../planning/prefetch.ts';

/** The types of the catalogue's objects, which refer to each other: one line for each kind. */

export const Artist = builder.objectRef<WithPrefetched<ArtistObject>>('Artist');
export const Album = builder.objectRef<AlbumObject>('Album');
export const Track = builder.objectRef<TrackObject>('Track');
