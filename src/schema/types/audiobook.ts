import { audiobookChapters, type Contributor } from '../../datasources/spotify/index.ts';
import { builder } from '../builder.ts';
import { connectionOf } from '../relay/connection.ts';
import { fromAnyForm, value } from '../resolvers.ts';
import { linkFields, seriesFields, spokenWordFields } from './common-fields.ts';
import { embeddedListField } from './field-options.ts';
import { Node } from './node.ts';
import { objectTypes } from './object-types.ts';
import { defineRootFields } from './root-fields.ts';

const { audiobook: Audiobook, chapter: Chapter } = objectTypes;

const AudiobookChaptersConnection = connectionOf('AudiobookChaptersConnection', Chapter);

const contributorType = (name: string, description: string, nameDescription: string) =>
  builder.objectRef<Contributor>(name).implement({
    description,
    fields: (t) => ({
      name: t.string({ nullable: true, description: nameDescription, resolve: value('name') }),
    }),
  });

const Author = contributorType('Author', 'An author of an audiobook.', 'The name of the author.');
const Narrator = contributorType('Narrator', 'A narrator of an audiobook.', 'The name of the narrator.');

Audiobook.implement({
  extensions: { kind: 'audiobook' },
  description:
    'An audiobook, which few markets have: the US, the UK, Canada, Ireland, New Zealand, Australia. Spotify gives it the URI and the link of a show.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The title of the audiobook.' }),
    ...linkFields(t, 'audiobook'),
    authors: t.field({
      type: [Author],
      nullable: { list: true, items: true },
      description: 'The authors.',
      resolve: fromAnyForm('authors'),
    }),
    narrators: t.field({
      type: [Narrator],
      nullable: { list: true, items: true },
      description: 'The narrators.',
      resolve: fromAnyForm('narrators'),
    }),
    edition: t.string({
      nullable: true,
      description: 'Its edition, such as `Unabridged`; null where Spotify names none.',
      resolve: fromAnyForm('edition'),
    }),
    ...spokenWordFields(t),
    ...seriesFields(t),
    totalChapters: t.int({
      nullable: true,
      description:
        'The number of chapters that Spotify states, which may be higher than the number that can be read.',
      resolve: fromAnyForm('totalChapters'),
    }),
    chapters: t.field({
      type: AudiobookChaptersConnection,
      description: 'Its chapters in their order.',
      ...embeddedListField(t, 'audiobook', audiobookChapters),
    }),
  }),
});

defineRootFields('audiobook');
