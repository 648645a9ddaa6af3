import {
  type ListOwner,
  type Market,
  type Spotify,
  showEpisodes as showEpisodesList,
} from '../../datasources/spotify/index.ts';
import { marketArg } from '../arguments.ts';
import { embeddedListCost } from '../planning/list-costs.ts';
import { resolveConnection } from '../relay/connect.ts';
import { connectionArgs, connectionOf } from '../relay/connection.ts';
import { sent } from '../resolvers.ts';
import { linkFields, seriesFields, spokenWordFields } from './common-fields.ts';
import { Node, objectTypes } from './node.ts';
import { defineRootFields } from './root-fields.ts';

const { show: Show, episode: Episode } = objectTypes;

const ShowEpisodesConnection = connectionOf('ShowEpisodesConnection', Episode);

Show.implement({
  extensions: { kind: 'show' },
  description: 'A podcast: a series of episodes.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The title of the show.' }),
    ...linkFields(t, 'show'),
    ...spokenWordFields(t),
    ...seriesFields(t),
    isExternallyHosted: t.boolean({
      nullable: true,
      description: 'Whether all its episodes are hosted outside Spotify; null where Spotify does not say.',
      resolve: sent('isExternallyHosted'),
    }),
    totalEpisodes: t.int({
      nullable: true,
      description:
        'The number of episodes that Spotify states, which may be higher than the number that can be read.',
      resolve: sent('totalEpisodes'),
    }),
    episodes: t.field({
      type: ShowEpisodesConnection,
      nullable: true,
      extensions: { cost: embeddedListCost('show', 'shows/episodes', episodesOf) },
      description: 'Its episodes, the newest first.',
      args: { market: marketArg(t), ...connectionArgs(t) },
      resolve: resolveConnection(episodesOf),
    }),
  }),
});

function episodesOf(spotify: Pick<Spotify, 'pagedList'>, show: ListOwner, market: Market | null) {
  return spotify.pagedList(showEpisodesList, show, undefined, market);
}

defineRootFields('show');
