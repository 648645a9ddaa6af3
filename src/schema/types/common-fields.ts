import type { FieldMap, ObjectFieldBuilder } from '@pothos/core';
import type { KindOf, SpotifyObject } from '../../datasources/spotify/index.ts';
import type { builder } from '../builder.ts';
import { imagesArgs, sufficientImages } from '../images.ts';
import { sent, uriOf } from '../resolvers.ts';
import { Image } from './values.ts';

/** Fields that objects of several kinds have. */

type Types = (typeof builder)['$inferSchemaTypes'];
type FieldsOf<T> = ObjectFieldBuilder<Types, T>;

/** The URI and the link of an object. */
export const linkFields = (t: FieldsOf<SpotifyObject>, kind: string): FieldMap => ({
  uri: t.string({ description: `The Spotify URI of the ${kind}.`, resolve: uriOf }),
  externalUrl: t.string({
    nullable: true,
    description: `The ${kind}'s page on open.spotify.com.`,
    resolve: sent('externalUrl'),
  }),
});

/** What shows, audiobooks and their parts state about themselves. */
export const spokenWordFields = (
  t: FieldsOf<KindOf['show' | 'episode' | 'audiobook' | 'chapter']>,
): FieldMap => ({
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
});
