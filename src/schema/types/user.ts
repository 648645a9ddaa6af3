import { type User as UserObject, userPlaylists } from '../../datasources/spotify/index.ts';
import { builder } from '../builder.ts';
import { value } from '../resolvers.ts';
import { playlistsOf } from './browse.ts';

export const User = builder.objectRef<UserObject>('User').implement({
  description: 'A user of Spotify, as others see them.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the user, which may be a name.' }),
    uri: t.string({
      description: 'The Spotify URI of the user.',
      resolve: ({ id }) => `spotify:user:${encodeURIComponent(id)}`,
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
    ...playlistsOf(t, userPlaylists, 'The public playlists of the user. Not available to every app.'),
  }),
});
