import { fromAnyForm } from '../resolvers.ts';
import { linkFields, recordingFields, spokenWordFields } from './common-fields.ts';
import { fullObjectField, ownerField } from './field-options.ts';
import { Node } from './node.ts';
import { objectTypes } from './object-types.ts';
import { defineRootFields } from './root-fields.ts';

const { audiobook: Audiobook, chapter: Chapter } = objectTypes;

Chapter.implement({
  extensions: { kind: 'chapter' },
  description: 'A chapter of an audiobook. Spotify gives it the URI and the link of an episode.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The title of the chapter.' }),
    ...linkFields(t, 'chapter'),
    audiobook: t.field({
      type: Audiobook,
      nullable: true,
      description: 'The audiobook to which it belongs.',
      ...ownerField('chapter', 'audiobook'),
    }),
    chapterNumber: t.int({
      nullable: true,
      description: 'Its position in the audiobook, from 0.',
      resolve: fromAnyForm('chapterNumber'),
    }),
    ...spokenWordFields(t),
    htmlDescription: t.string({
      nullable: true,
      description:
        'The description, which may contain HTML. It is written by the publisher: sanitize it. Lists lack it: each chapter is read for it.',
      ...fullObjectField('chapter', 'htmlDescription'),
    }),
    languages: t.stringList({
      nullable: { list: true, items: true },
      description: 'Its languages, as codes of ISO 639. Lists lack them: each chapter is read for them.',
      ...fullObjectField('chapter', 'languages'),
    }),
    ...recordingFields(t),
    isPlayable: t.boolean({
      nullable: true,
      description:
        'Whether it can be played in the market. Lists may lack it: then each chapter is read for it.',
      ...fullObjectField('chapter', 'isPlayable'),
    }),
  }),
});

defineRootFields('chapter');
