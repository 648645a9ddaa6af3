import {
  type ListOwner,
  type Spotify,
  showEpisodes as showEpisodesList,
} from '../../datasources/spotify/index.ts';
import { marketArg, namedMarket } from '../arguments.ts';
import { resolvedField } from '../context.ts';
import { embeddedList } from '../planning/list-costs.ts';
import { connect, connectionOf, pagingArgs } from '../relay/connection.ts';
import { sent } from '../resolvers.ts';
import { linkFields, spokenWordFields } from './common-fields.ts';
import { Node, objectTypes } from './node.ts';
import { defineRootFields } from './root-fields.ts';
import { Copyright, MediaType } from './values.ts';

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
    publisher: t.string({
      nullable: true,
      description: 'Who publishes it. Not given to every app.',
      resolve: sent('publisher'),
    }),
    mediaType: t.field({
      type: MediaType,
      nullable: true,
      description: 'What its episodes are.',
      resolve: sent('mediaType'),
    }),
    isExternallyHosted: t.boolean({
      nullable: true,
      description: 'Whether all its episodes are hosted outside Spotify; null where Spotify does not say.',
      resolve: sent('isExternallyHosted'),
    }),
    copyrights: t.field({
      type: [Copyright],
      nullable: { list: true, items: true },
      description: 'Its copyright statements; often none.',
      resolve: sent('copyrights'),
    }),
    totalEpisodes: t.int({
      nullable: true,
      description: 'How many episodes Spotify counts, which may be more than there are to read.',
      resolve: sent('totalEpisodes'),
    }),
    episodes: t.field({
      type: ShowEpisodesConnection,
      nullable: true,
      extensions: { cost: embeddedList('show', 'shows/episodes', episodesOf) },
      description: 'Its episodes, the newest first.',
      args: { market: marketArg(t), ...pagingArgs(t) },
      resolve: (show, args, context, info) =>
        connect(episodesOf(context.spotify, show, args), args, context, resolvedField(context, info)),
    }),
  }),
});

function episodesOf(
  spotify: Pick<Spotify, 'pagedList'>,
  show: ListOwner,
  args: Parameters<typeof namedMarket>[0],
) {
  return spotify.pagedList(showEpisodesList, show, undefined, namedMarket(args));
}

defineRootFields('show');
