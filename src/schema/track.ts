import { parseId, type Track as TrackObject } from '../datasources/spotify/index.ts';
import { Album } from './album.ts';
import { Artist } from './artist.ts';
import { builder } from './builder.ts';
import { connectionOf } from './connection.ts';
import { full } from './full.ts';
import { forEach, idArg, idsArg, mergedByIds, uriOf } from './ids.ts';
import { Node } from './node.ts';
import { marketArg, namedMarket } from './scalars.ts';
import { ExternalIds, Restrictions, TrackLink } from './values.ts';

export const Track = builder.objectRef<TrackObject>('Track');

export const TrackConnection = connectionOf('TrackConnection', Track);

export const AlbumTracksConnection = connectionOf('AlbumTracksConnection', Track);

Track.implement({
  description: 'A recording, as it stands on one album.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The title of the track.' }),
    uri: t.string({ description: 'The Spotify URI of the track.', resolve: uriOf }),
    externalUrl: t.exposeString('externalUrl', {
      nullable: true,
      description: "The track's page on open.spotify.com.",
    }),
    artists: t.field({
      type: [Artist],
      description: 'Who performs it.',
      resolve: ({ artists }) => artists,
    }),
    album: t.field({
      type: Album,
      nullable: true,
      description: 'The album it stands on.',
      resolve: (track, _, context, info) => context.spotify.albumOf(track, context.asker(info)),
    }),
    discNumber: t.exposeInt('discNumber', { description: 'On which disc of the album it stands, from 1.' }),
    trackNumber: t.exposeInt('trackNumber', {
      description: 'At which place of that disc it stands, from 1.',
    }),
    durationMs: t.exposeInt('durationMs', { description: 'How long it lasts, in milliseconds.' }),
    explicit: t.exposeBoolean('explicit', {
      description: 'Whether its lyrics are explicit, as far as is known.',
    }),
    isLocal: t.exposeBoolean('isLocal', { description: "Whether it is a file of a user's own." }),
    isPlayable: t.exposeBoolean('isPlayable', {
      nullable: true,
      description: 'Whether it can be played in the market; null where no market was named.',
    }),
    restrictions: t.expose('restrictions', {
      type: Restrictions,
      nullable: true,
      description: 'Why it cannot be played, if it cannot.',
    }),
    linkedFrom: t.expose('linkedFrom', {
      type: TrackLink,
      nullable: true,
      description:
        'The track asked for, where this one stands in for it in the market. Not given to every app.',
    }),
    previewUrl: t.exposeString('previewUrl', {
      nullable: true,
      description: 'Thirty seconds of it as MP3. Spotify gives it to old apps only.',
    }),
    externalIds: t.field({
      type: ExternalIds,
      nullable: true,
      description: 'Its names outside Spotify.',
      resolve: full('externalIds'),
    }),
    popularity: t.int({
      nullable: true,
      description: 'How popular it is, from 0 to 100. Not given to every app.',
      resolve: full('popularity'),
    }),
  }),
});

builder.queryFields((t) => ({
  track: t.field({
    type: Track,
    nullable: true,
    description: 'One track; null where there is none.',
    args: { id: idArg(t), market: marketArg(t) },
    resolve: (_, { id, ...args }, context, info) =>
      context.spotify.track(parseId(id, 'track'), namedMarket(args), context.asker(info)),
  }),
  tracks: t.field({
    type: [Track],
    nullable: { list: false, items: true },
    extensions: mergedByIds,
    description: 'Many tracks: one entry for each id, in their order; null where there is none.',
    args: { ids: idsArg(t), market: marketArg(t) },
    resolve: (_, { ids, ...args }, context, info) => {
      const market = namedMarket(args);
      return forEach(ids, async (id) =>
        context.spotify.track(parseId(id, 'track'), market, context.asker(info)),
      );
    },
  }),
}));
