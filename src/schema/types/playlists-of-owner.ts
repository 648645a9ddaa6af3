import type { FieldMap, ObjectFieldBuilder } from '@pothos/core';
import type { BrowseListDefinition, Playlist } from '../../datasources/spotify/index.ts';
import type { builder } from '../builder.ts';
import { resolvedField } from '../context.ts';
import { browseList } from '../planning/list-costs.ts';
import { connect } from '../relay/connect.ts';
import { connectionArgs } from '../relay/connection.ts';
import { connectionTypes } from './search.ts';

/** The field `playlists` of an owner, which Spotify may withhold from an app. */
export const playlistsOf = <Owner extends object>(
  t: ObjectFieldBuilder<(typeof builder)['$inferSchemaTypes'], Owner>,
  list: BrowseListDefinition<Playlist, Owner> & Parameters<typeof browseList>[0],
  description: string,
): FieldMap => ({
  playlists: t.field({
    type: connectionTypes.playlist,
    nullable: true,
    extensions: { cost: browseList(list) },
    description,
    args: connectionArgs(t),
    resolve: (owner, args, context, info) =>
      connect(
        () => context.spotify.browseList(list, owner, null),
        args,
        context,
        resolvedField(context, info),
      ),
  }),
});
