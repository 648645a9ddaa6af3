import { parseId } from '../../datasources/spotify/index.ts';
import { idArg, idsArg, mapIds, marketArg, mergedByIds, namedMarket } from '../arguments.ts';
import { builder } from '../builder.ts';
import { imagesArgs, sufficientImages } from '../images.ts';
import { lookup, lookups, ownerOfItem } from '../planning/object-costs.ts';
import { full, sent, uriOf } from '../resolvers.ts';
import { Node, objectTypes } from './node.ts';
import { Image, ReleaseDate, Restrictions } from './values.ts';

const { show: Show, episode: Episode } = objectTypes;

const showOfEpisode = full('show');

Episode.implement({
  extensions: { kind: 'episode' },
  description: 'An episode of a show.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The title of the episode.' }),
    uri: t.string({ description: 'The Spotify URI of the episode.', resolve: uriOf }),
    externalUrl: t.string({
      nullable: true,
      description: "The episode's page on open.spotify.com.",
      resolve: sent('externalUrl'),
    }),
    show: t.field({
      type: Show,
      nullable: true,
      extensions: { cost: ownerOfItem('episode', 'show') },
      description: 'The show to which it belongs.',
      resolve: (episode, args, context, info) =>
        episode.show === undefined && episode.showId !== undefined
          ? context.spotify.object('show', episode.showId, episode.market, context.fieldContext(info))
          : showOfEpisode(episode, args, context, info),
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
    releaseDate: t.field({
      type: ReleaseDate,
      nullable: true,
      description: 'When it was first released.',
      resolve: sent('releaseDate'),
    }),
    durationMs: t.int({
      nullable: true,
      description: 'How long it lasts, in milliseconds.',
      resolve: sent('durationMs'),
    }),
    language: t.string({
      nullable: true,
      description: 'Its language, as a code of ISO 639. Spotify may remove it: `languages` replaces it.',
      resolve: sent('language'),
    }),
    languages: t.field({
      type: ['String'],
      nullable: { list: true, items: true },
      description: 'Its languages, as codes of ISO 639.',
      resolve: sent('languages'),
    }),
    images: t.field({
      type: [Image],
      nullable: { list: true, items: true },
      description: 'The cover, widest first.',
      args: imagesArgs(t),
      resolve: sufficientImages(sent('images')),
    }),
    explicit: t.boolean({
      nullable: true,
      description: 'Whether its content is explicit, as far as is known.',
      resolve: sent('explicit'),
    }),
    isExternallyHosted: t.boolean({
      nullable: true,
      description: 'Whether it is hosted outside Spotify; null where Spotify does not say.',
      resolve: sent('isExternallyHosted'),
    }),
    isPlayable: t.boolean({
      nullable: true,
      description: 'Whether it can be played in the market.',
      resolve: sent('isPlayable'),
    }),
    restrictions: t.field({
      type: Restrictions,
      nullable: true,
      description: 'Why it cannot be played, if it cannot.',
      resolve: sent('restrictions'),
    }),
    audioPreviewUrl: t.string({
      nullable: true,
      description: 'Thirty seconds of it as MP3; null where there is none.',
      resolve: sent('audioPreviewUrl'),
    }),
  }),
});

builder.queryFields((t) => ({
  episode: t.field({
    type: Episode,
    nullable: true,
    extensions: { cost: lookup('episode') },
    description: 'One episode; null where the market has none. Where no market is known, that is the US.',
    args: { id: idArg(t), market: marketArg(t) },
    resolve: (_, { id, ...args }, context, info) =>
      context.spotify.object(
        'episode',
        parseId(id, 'episode'),
        namedMarket(args),
        context.fieldContext(info),
      ),
  }),
  episodes: t.field({
    type: [Episode],
    nullable: { list: false, items: true },
    extensions: { ...mergedByIds, cost: lookups('episode') },
    description:
      'Many episodes: one entry for each id, in their order; null where the market has none. Where no market is known, that is the US.',
    args: { ids: idsArg(t), market: marketArg(t) },
    resolve: (_, { ids, ...args }, context, info) => {
      const market = namedMarket(args);
      return mapIds(ids, (id) =>
        context.spotify.object('episode', parseId(id, 'episode'), market, context.fieldContext(info)),
      );
    },
  }),
}));
