import { ownerCost, referenceCost } from '../planning/object-costs.ts';
import { connectionOf } from '../relay/connection.ts';
import { ownerOf, required, sent } from '../resolvers.ts';
import { fullField, linkFields, playabilityFields } from './common-fields.ts';
import { Album, Artist, Node, Track } from './node.ts';
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
      resolve: required(sent('name'), 'Spotify has no such track any more.'),
    }),
    ...linkFields(t, 'track'),
    artists: t.field({
      type: [Artist],
      nullable: { list: true, items: true },
      description: 'The artists that perform it.',
      resolve: sent('artists'),
    }),
    album: t.field({
      type: Album,
      nullable: true,
      extensions: { cost: ownerCost('track', 'album') },
      description: 'The album that contains it.',
      resolve: ownerOf('album'),
    }),
    discNumber: t.int({
      nullable: true,
      description: 'The number of its disc on the album, from 1.',
      resolve: sent('discNumber'),
    }),
    trackNumber: t.int({
      nullable: true,
      description: 'Its position on that disc, from 1.',
      resolve: sent('trackNumber'),
    }),
    durationMs: t.int({
      nullable: true,
      description: 'Its duration in milliseconds.',
      resolve: sent('durationMs'),
    }),
    explicit: t.boolean({
      nullable: true,
      description: 'Whether its lyrics are explicit, as far as is known.',
      resolve: sent('explicit'),
    }),
    isLocal: t.boolean({
      nullable: true,
      description: "Whether it is a file of a user's own.",
      resolve: sent('isLocal'),
    }),
    ...playabilityFields(t),
    linkedFrom: t.field({
      type: Track,
      nullable: true,
      extensions: { cost: referenceCost('track') },
      description:
        'The requested track, if Spotify replaces it with this one in the market. Not available to every app. Its id, URI and link cost no call.',
      resolve: sent('linkedFrom'),
    }),
    previewUrl: t.string({
      nullable: true,
      description: 'Thirty seconds of it as MP3. Spotify gives it to old apps only.',
      resolve: sent('previewUrl'),
    }),
    externalIds: t.field({
      type: ExternalIds,
      nullable: true,
      description: 'Its codes outside of Spotify.',
      ...fullField('track', 'externalIds'),
    }),
    popularity: t.int({
      nullable: true,
      description: 'Its popularity, from 0 to 100. Not available to every app.',
      ...fullField('track', 'popularity'),
    }),
  }),
});

defineRootFields('track');
