import { referenceCost } from '../planning/object-costs.ts';
import { connectionOf } from '../relay/connection.ts';
import { fromAnyForm, required } from '../resolvers.ts';
import { linkFields, playabilityFields } from './common-fields.ts';
import { fullObjectField, ownerField } from './field-options.ts';
import { Node } from './node.ts';
import { Album, Artist, Track } from './object-types.ts';
import { defineRootFields } from './root-fields.ts';
import { ExternalIds } from './values.ts';

export const AlbumTracksConnection = connectionOf('AlbumTracksConnection', Track);

Track.implement({
  extensions: { kind: 'track' },
  description: 'A recording on one album.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.string({
      description: 'The title of the track.',
      resolve: required(fromAnyForm('name'), 'Spotify has no such track any more.'),
    }),
    ...linkFields(t, 'track'),
    artists: t.field({
      type: [Artist],
      nullable: { list: true, items: true },
      description: 'The artists that perform it.',
      resolve: fromAnyForm('artists'),
    }),
    album: t.field({
      type: Album,
      nullable: true,
      description: 'The album that contains it.',
      ...ownerField('track', 'album'),
    }),
    discNumber: t.int({
      nullable: true,
      description: 'The number of its disc on the album, from 1.',
      resolve: fromAnyForm('discNumber'),
    }),
    trackNumber: t.int({
      nullable: true,
      description: 'Its position on that disc, from 1.',
      resolve: fromAnyForm('trackNumber'),
    }),
    durationMs: t.int({
      nullable: true,
      description: 'Its duration in milliseconds.',
      resolve: fromAnyForm('durationMs'),
    }),
    explicit: t.boolean({
      nullable: true,
      description: 'Whether its lyrics are explicit, as far as is known.',
      resolve: fromAnyForm('explicit'),
    }),
    isLocal: t.boolean({
      nullable: true,
      description: "Whether it is a file of a user's own.",
      resolve: fromAnyForm('isLocal'),
    }),
    ...playabilityFields(t),
    linkedFrom: t.field({
      type: Track,
      nullable: true,
      extensions: { cost: referenceCost('track') },
      description:
        'The requested track, if Spotify replaces it with this one in the market. Not available to every app. Its id, URI and link cost no call.',
      resolve: fromAnyForm('linkedFrom'),
    }),
    previewUrl: t.string({
      nullable: true,
      description: 'Thirty seconds of it as MP3. Spotify gives it to old apps only.',
      resolve: fromAnyForm('previewUrl'),
    }),
    externalIds: t.field({
      type: ExternalIds,
      nullable: true,
      description: 'Its codes outside of Spotify.',
      ...fullObjectField('track', 'externalIds'),
    }),
    popularity: t.int({
      nullable: true,
      description: 'Its popularity, from 0 to 100. Not available to every app.',
      ...fullObjectField('track', 'popularity'),
    }),
  }),
});

defineRootFields('track');
