import { showEpisodes } from '../../datasources/spotify/index.ts';
import { connectionOf } from '../relay/connection.ts';
import { fromAnyForm } from '../resolvers.ts';
import { linkFields, seriesFields, spokenWordFields } from './common-fields.ts';
import { embeddedListField } from './field-options.ts';
import { Node } from './node.ts';
import { objectTypes } from './object-types.ts';
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
      resolve: fromAnyForm('isExternallyHosted'),
    }),
    totalEpisodes: t.int({
      nullable: true,
      description:
        'The number of episodes that Spotify states, which may be higher than the number that can be read.',
      resolve: fromAnyForm('totalEpisodes'),
    }),
    episodes: t.field({
      type: ShowEpisodesConnection,
      description: 'Its episodes, the newest first.',
      ...embeddedListField(t, 'show', showEpisodes),
    }),
  }),
});

defineRootFields('show');
