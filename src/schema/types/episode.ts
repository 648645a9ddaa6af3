import { fromAnyForm } from '../resolvers.ts';
import { linkFields, recordingFields, spokenWordFields } from './common-fields.ts';
import { ownerField } from './field-options.ts';
import { Node } from './node.ts';
import { objectTypes } from './object-types.ts';
import { defineRootFields } from './root-fields.ts';

const { show: Show, episode: Episode } = objectTypes;

Episode.implement({
  extensions: { kind: 'episode' },
  description: 'An episode of a show.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The title of the episode.' }),
    ...linkFields(t, 'episode'),
    ...spokenWordFields(t),
    show: t.field({
      type: Show,
      nullable: true,
      description: 'The show to which it belongs.',
      ...ownerField('episode', 'show'),
    }),
    ...recordingFields(t),
    language: t.string({
      nullable: true,
      description: 'Its language, as a code of ISO 639. Spotify may remove it: `languages` replaces it.',
      resolve: fromAnyForm('language'),
    }),
    isExternallyHosted: t.boolean({
      nullable: true,
      description: 'Whether it is hosted outside Spotify; null where Spotify does not say.',
      resolve: fromAnyForm('isExternallyHosted'),
    }),
    isPlayable: t.boolean({
      nullable: true,
      description: 'Whether it can be played in the market.',
      resolve: fromAnyForm('isPlayable'),
    }),
  }),
});

defineRootFields('episode');
