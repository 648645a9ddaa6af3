import {
  type PlaylistItem as Item,
  parseId,
  playlistItems,
  type SpotifyObject,
} from '../../datasources/spotify/index.ts';
import { idArg, marketArg, rootMarket } from '../arguments.ts';
import { builder } from '../builder.ts';
import { lookupCost } from '../planning/object-costs.ts';
import { connectionOf } from '../relay/connection.ts';
import { fromAnyForm, value, valueOrError } from '../resolvers.ts';
import { linkFields } from './common-fields.ts';
import { embeddedListField, fullObjectField, nullInListsField } from './field-options.ts';
import { imagesField } from './images.ts';
import { Node } from './node.ts';
import { objectTypes, typeNames } from './object-types.ts';
import { User } from './user.ts';
import { Followers } from './values.ts';

const { playlist: Playlist, track: Track, episode: Episode } = objectTypes;

const TrackOrEpisode = builder.unionType('TrackOrEpisode', {
  description: 'An object of a playlist.',
  types: [Track, Episode],
  resolveType: ({ kind }: SpotifyObject) => typeNames[kind],
});

const PlaylistItem = builder.objectRef<Item>('PlaylistItem').implement({
  extensions: { isConnectionPart: true },
  description: 'One slot of a playlist.',
  fields: (t) => ({
    addedAt: t.string({
      nullable: true,
      description: 'The time at which it was added, in ISO 8601; null in some very old playlists.',
      resolve: value('addedAt'),
    }),
    addedBy: t.field({
      type: User,
      nullable: true,
      description: 'The user that added it, without a display name; null in some very old playlists.',
      resolve: value('addedBy'),
    }),
    isLocal: t.boolean({
      nullable: true,
      description: 'Whether it is a local file of a user, which no one else can read.',
      resolve: value('isLocal'),
    }),
    item: t.field({
      type: TrackOrEpisode,
      nullable: true,
      description: 'The track or the episode; null for a local file, and for one that was removed.',
      resolve: ({ item }, _, context, info) => valueOrError(item, context, info),
    }),
  }),
});

const PlaylistItemsConnection = connectionOf('PlaylistItemsConnection', PlaylistItem);

Playlist.implement({
  extensions: { kind: 'playlist' },
  description: 'A list of tracks and episodes that a user has made.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The title of the playlist.' }),
    ...linkFields(t, 'playlist'),
    description: t.string({
      nullable: true,
      description: 'A description as plain text; often empty, and null where there is none.',
      resolve: fromAnyForm('description'),
    }),
    owner: t.field({
      type: User,
      nullable: true,
      description: 'The user that owns it.',
      resolve: fromAnyForm('owner'),
    }),
    collaborative: t.boolean({
      nullable: true,
      description: 'Whether other users may change it.',
      resolve: fromAnyForm('collaborative'),
    }),
    public: t.boolean({
      nullable: true,
      description:
        'Whether it is shown on the profile of its owner; null where Spotify does not say, as in searches.',
      ...nullInListsField('public', () => true),
    }),
    snapshotId: t.string({
      nullable: true,
      description: 'Names this version of the playlist: it changes with each change.',
      resolve: fromAnyForm('snapshotId'),
    }),
    images: imagesField(t, 'The picture, widest first; Spotify often does not say its size.', {
      resolve: fromAnyForm('images'),
    }),
    followers: t.field({
      type: Followers,
      nullable: true,
      description: 'The followers of the playlist.',
      ...fullObjectField('playlist', 'followers'),
    }),
    items: t.field({
      type: PlaylistItemsConnection,
      description: 'Its tracks and episodes, in the order of the owner. Not available to every app.',
      ...embeddedListField(t, 'playlist', playlistItems),
    }),
  }),
});

builder.queryFields((t) => ({
  playlist: t.field({
    type: Playlist,
    nullable: true,
    extensions: { cost: lookupCost('playlist') },
    description:
      'One playlist; null where there is none, or none that the app may see: most apps see no playlist that Spotify has made. Where no market is known, that is the US.',
    args: { id: idArg(t), market: marketArg(t) },
    resolve: (_, { id, ...args }, context, info) =>
      context.spotify.object(
        'playlist',
        parseId(id, 'playlist'),
        rootMarket(args, context, info),
        context.fieldContext(info),
      ),
  }),
}));
