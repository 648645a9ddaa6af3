import { albumTracks, isMalformed, recordUnavailable } from '../../datasources/spotify/index.ts';
import { connectionOf } from '../relay/connection.ts';
import { fromAnyForm } from '../resolvers.ts';
import { linkFields, playabilityFields } from './common-fields.ts';
import { embeddedListField, fullObjectField, nullInListsField } from './field-options.ts';
import { imagesField } from './images.ts';
import { Node } from './node.ts';
import { Album, Artist } from './object-types.ts';
import { defineRootFields } from './root-fields.ts';
import { AlbumTracksConnection } from './track.ts';
import { AlbumGroup, AlbumType, Copyright, ExternalIds, ReleaseDate } from './values.ts';

export const ArtistAlbumsConnection = connectionOf('ArtistAlbumsConnection', Album, (t) => ({
  albumGroup: t.field({
    type: AlbumGroup,
    nullable: true,
    description:
      "The reason for which the artist's list contains the album. Not available to every app, unless `includeGroups` names one group only.",
    resolve({ item }, _, context, info) {
      if (isMalformed(item)) return null;
      if (item.albumGroup === undefined) recordUnavailable(context.fieldContext(info));
      return item.albumGroup ?? null;
    },
  }),
}));

Album.implement({
  extensions: { kind: 'album' },
  description: 'A release: an album, a single or a compilation.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The title of the album.' }),
    ...linkFields(t, 'album'),
    albumType: t.field({
      type: AlbumType,
      nullable: true,
      description: 'The kind of release.',
      resolve: fromAnyForm('albumType'),
    }),
    totalTracks: t.int({
      nullable: true,
      description: 'The number of its tracks.',
      ...nullInListsField('totalTracks'),
    }),
    releaseDate: t.field({
      type: ReleaseDate,
      nullable: true,
      description: 'The date of its first release.',
      ...nullInListsField('releaseDate'),
    }),
    images: imagesField(t, 'The cover, widest first.', nullInListsField('images')),
    artists: t.field({
      type: [Artist],
      nullable: { list: true, items: true },
      description: 'The artists of the release.',
      ...nullInListsField('artists'),
    }),
    ...playabilityFields(t),
    copyrights: t.field({
      type: [Copyright],
      nullable: { list: true, items: true },
      description: 'Its copyright statements.',
      ...fullObjectField('album', 'copyrights'),
    }),
    externalIds: t.field({
      type: ExternalIds,
      nullable: true,
      description: 'Its codes outside of Spotify.',
      ...fullObjectField('album', 'externalIds'),
    }),
    genres: t.stringList({
      nullable: { list: true, items: true },
      description: 'Its genres; Spotify gives none at present. Not available to every app.',
      ...fullObjectField('album', 'genres'),
    }),
    label: t.string({
      nullable: true,
      description: 'The label that released it. Not available to every app.',
      ...fullObjectField('album', 'label'),
    }),
    popularity: t.int({
      nullable: true,
      description: 'How popular it is, from 0 to 100. Not available to every app.',
      ...fullObjectField('album', 'popularity'),
    }),
    tracks: t.field({
      type: AlbumTracksConnection,
      description: 'Its tracks in the order of Spotify, over all discs.',
      ...embeddedListField(t, 'album', albumTracks),
    }),
  }),
});

defineRootFields('album');
