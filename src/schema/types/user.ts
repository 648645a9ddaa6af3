import { type User as UserObject, userPlaylists } from '../../datasources/spotify/index.ts';
import { builder } from '../builder.ts';
import { resolvedField } from '../context.ts';
import { browseList } from '../planning/list-costs.ts';
import { connect } from '../relay/connect.ts';
import { pagingArgs } from '../relay/connection.ts';
import { value } from '../resolvers.ts';
import { connectionTypes } from './search.ts';

export const User = builder.objectRef<UserObject>('User').implement({
  description: 'A user of Spotify, as others see them.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the user, which may be a name.' }),
    uri: t.string({
      description: 'The Spotify URI of the user.',
      resolve: ({ id }) => `spotify:user:${id}`,
    }),
    displayName: t.string({
      nullable: true,
      description: 'The name that the user shows; null where there is none.',
      resolve: value('displayName'),
    }),
    externalUrl: t.string({
      nullable: true,
      description: "The user's page on open.spotify.com.",
      resolve: value('externalUrl'),
    }),
    playlists: t.field({
      type: connectionTypes.playlist,
      nullable: true,
      extensions: { cost: browseList(userPlaylists) },
      description: 'The public playlists of the user. Not given to every app.',
      args: pagingArgs(t),
      resolve: (user, args, context, info) =>
        connect(
          () => context.spotify.browseList(userPlaylists, user, null),
          args,
          context,
          resolvedField(context, info),
        ),
    }),
  }),
});
