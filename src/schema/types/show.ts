import {
  type ListOwner,
  parseId,
  type Spotify,
  showEpisodes as showEpisodesList,
} from '../../datasources/spotify/index.ts';
import { idArg, idsArg, mapIds, marketArg, mergedByIds, namedMarket } from '../arguments.ts';
import { builder } from '../builder.ts';
import { resolvedField } from '../context.ts';
import { imagesArgs, sufficientImages } from '../images.ts';
import { embeddedList } from '../planning/list-costs.ts';
import { lookup, lookups } from '../planning/object-costs.ts';
import { connect, connectionOf, pagingArgs } from '../relay/connection.ts';
import { sent, uriOf } from '../resolvers.ts';
import { Node, objectTypes } from './node.ts';
import { Copyright, Image } from './values.ts';

const { show: Show, episode: Episode } = objectTypes;

const ShowEpisodesConnection = connectionOf('ShowEpisodesConnection', Episode);

const MediaType = builder.enumType('MediaType', {
  description: 'What the episodes of a show are.',
  values: {
    AUDIO: { description: 'Sound.' },
    VIDEO: { description: 'Video.' },
    MIXED: { description: 'Sound and video.' },
    OTHER: { description: 'A value that this API does not know yet.' },
  },
});

Show.implement({
  extensions: { kind: 'show' },
  description: 'A podcast: a series of episodes.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The title of the show.' }),
    uri: t.string({ description: 'The Spotify URI of the show.', resolve: uriOf }),
    externalUrl: t.string({
      nullable: true,
      description: "The show's page on open.spotify.com.",
      resolve: sent('externalUrl'),
    }),
    description: t.string({
      nullable: true,
      description: 'A description as plain text.',
      resolve: sent('description'),
    }),
    htmlDescription: t.string({
      nullable: true,
      description: 'The description, which may contain HTML. It is written by the publisher: sanitize it.',
      resolve: sent('htmlDescription'),
    }),
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
    languages: t.field({
      type: ['String'],
      nullable: { list: true, items: true },
      description: 'Its languages, as codes of ISO 639.',
      resolve: sent('languages'),
    }),
    explicit: t.boolean({
      nullable: true,
      description: 'Whether its content is explicit, as far as is known.',
      resolve: sent('explicit'),
    }),
    isExternallyHosted: t.boolean({
      nullable: true,
      description: 'Whether all its episodes are hosted outside Spotify; null where Spotify does not say.',
      resolve: sent('isExternallyHosted'),
    }),
    images: t.field({
      type: [Image],
      nullable: { list: true, items: true },
      description: 'The cover, widest first.',
      args: imagesArgs(t),
      resolve: sufficientImages(sent('images')),
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

builder.queryFields((t) => ({
  show: t.field({
    type: Show,
    nullable: true,
    extensions: { cost: lookup('show') },
    description: 'One show; null where the market has none. Where no market is known, that is the US.',
    args: { id: idArg(t), market: marketArg(t) },
    resolve: (_, { id, ...args }, context, info) =>
      context.spotify.object('show', parseId(id, 'show'), namedMarket(args), context.fieldContext(info)),
  }),
  shows: t.field({
    type: [Show],
    nullable: { list: false, items: true },
    extensions: { ...mergedByIds, cost: lookups('show') },
    description:
      'Many shows: one entry for each id, in their order; null where the market has none. Where no market is known, that is the US.',
    args: { ids: idsArg(t), market: marketArg(t) },
    resolve: (_, { ids, ...args }, context, info) => {
      const market = namedMarket(args);
      return mapIds(ids, (id) =>
        context.spotify.object('show', parseId(id, 'show'), market, context.fieldContext(info)),
      );
    },
  }),
}));
