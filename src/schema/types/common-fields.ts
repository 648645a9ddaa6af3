import type { FieldMap } from '@pothos/core';
import { type KindOf, type SpotifyObject, uriOf } from '../../datasources/spotify/index.ts';
import type { FieldsOf } from '../builder.ts';
import { fromAnyForm } from '../resolvers.ts';
import { nullInListsField } from './field-options.ts';
import { imagesField } from './images.ts';
import { Copyright, MediaType, ReleaseDate, Restrictions } from './values.ts';

/** Fields that objects of several kinds have. */

export const linkFields = (t: FieldsOf<SpotifyObject>, kind: string): FieldMap => ({
  uri: t.string({ description: `The Spotify URI of the ${kind}.`, resolve: (object) => uriOf(object) }),
  externalUrl: t.string({
    nullable: true,
    description: `The ${kind}'s page on open.spotify.com.`,
    resolve: fromAnyForm('externalUrl'),
  }),
});

/** Whether an album or a track can be played. */
export const playabilityFields = (t: FieldsOf<KindOf['album' | 'track']>): FieldMap => ({
  isPlayable: t.boolean({
    nullable: true,
    description: 'Whether it can be played in the market; null where no market was named.',
    // For a market too, Spotify leaves it out of some full objects: no call is spent to look for it there.
    ...nullInListsField('isPlayable', (market) => market === null),
  }),
  restrictions: restrictionsField(t),
});

const restrictionsField = (t: FieldsOf<KindOf['album' | 'track' | 'episode' | 'chapter']>) =>
  t.field({
    type: Restrictions,
    nullable: true,
    description: 'The reason for which it cannot be played; null if it can be played.',
    resolve: fromAnyForm('restrictions'),
  });

export const spokenWordFields = (
  t: FieldsOf<KindOf['show' | 'episode' | 'audiobook' | 'chapter']>,
): FieldMap => ({
  description: t.string({
    nullable: true,
    description: 'A description as plain text.',
    resolve: fromAnyForm('description'),
  }),
  htmlDescription: t.string({
    nullable: true,
    description: 'The description, which may contain HTML. It is written by the publisher: sanitize it.',
    resolve: fromAnyForm('htmlDescription'),
  }),
  languages: t.stringList({
    nullable: { list: true, items: true },
    description: 'Its languages, as codes of ISO 639.',
    resolve: fromAnyForm('languages'),
  }),
  images: imagesField(t, 'The cover, widest first.', { resolve: fromAnyForm('images') }),
  explicit: t.boolean({
    nullable: true,
    description: 'Whether its content is explicit, as far as is known.',
    resolve: fromAnyForm('explicit'),
  }),
});

export const seriesFields = (t: FieldsOf<KindOf['show' | 'audiobook']>): FieldMap => ({
  publisher: t.string({
    nullable: true,
    description: 'The name of the publisher. Not available to every app.',
    resolve: fromAnyForm('publisher'),
  }),
  mediaType: t.field({
    type: MediaType,
    nullable: true,
    description: 'Whether its episodes or chapters are sound or video.',
    resolve: fromAnyForm('mediaType'),
  }),
  copyrights: t.field({
    type: [Copyright],
    nullable: { list: true, items: true },
    description: 'Its copyright statements; often none.',
    resolve: fromAnyForm('copyrights'),
  }),
});

export const recordingFields = (t: FieldsOf<KindOf['episode' | 'chapter']>): FieldMap => ({
  releaseDate: t.field({
    type: ReleaseDate,
    nullable: true,
    description: 'The date of its first release.',
    resolve: fromAnyForm('releaseDate'),
  }),
  durationMs: t.int({
    nullable: true,
    description: 'Its duration in milliseconds.',
    resolve: fromAnyForm('durationMs'),
  }),
  restrictions: restrictionsField(t),
  audioPreviewUrl: t.string({
    nullable: true,
    description: 'Thirty seconds of it as MP3; null where there is none.',
    resolve: fromAnyForm('audioPreviewUrl'),
  }),
});
