import type * as spotify from '../../datasources/spotify/index.ts';
import { builder, nullOnlyWithError } from '../builder.ts';
import { value } from '../resolvers.ts';

/** The small types without an id that belong to the objects of the catalogue. */

const other = { description: 'A value that this API does not know yet.' };

const DatePrecision = builder.enumType('DatePrecision', {
  description: 'How much of a date is known.',
  values: {
    DAY: { description: '`YYYY-MM-DD`.' },
    MONTH: { description: '`YYYY-MM`.' },
    YEAR: { description: '`YYYY`.' },
    OTHER: other,
  },
});

export const ReleaseDate = builder.objectRef<spotify.ReleaseDate>('ReleaseDate').implement({
  description: 'The date of a release, as precisely as it is known.',
  fields: (t) => ({
    date: t.string({
      nullable: true,
      extensions: nullOnlyWithError,
      description: 'The date, shortened to what is known of it.',
      resolve: value('date'),
    }),
    precision: t.field({
      type: DatePrecision,
      nullable: true,
      description: 'The part of `date` that is known.',
      resolve: value('precision'),
    }),
  }),
});

const CopyrightType = builder.enumType('CopyrightType', {
  description: 'The subject of a copyright statement.',
  values: {
    C: { description: 'The copyright of the work.' },
    P: { description: 'The copyright of the sound recording (performance).' },
    OTHER: other,
  },
});

export const Copyright = builder.objectRef<spotify.Copyright>('Copyright').implement({
  description: 'A copyright statement.',
  fields: (t) => ({
    text: t.string({ nullable: true, description: 'The statement itself.', resolve: value('text') }),
    type: t.field({
      type: CopyrightType,
      nullable: true,
      description: 'The subject of the statement.',
      resolve: value('type'),
    }),
  }),
});

export const ExternalIds = builder.objectRef<spotify.ExternalIds>('ExternalIds').implement({
  description: 'Codes of an album or a track outside of Spotify.',
  fields: (t) => ({
    isrc: t.string({
      nullable: true,
      description: 'International Standard Recording Code.',
      resolve: value('isrc'),
    }),
    upc: t.string({ nullable: true, description: 'Universal Product Code.', resolve: value('upc') }),
    ean: t.string({ nullable: true, description: 'International Article Number.', resolve: value('ean') }),
  }),
});

const RestrictionReason = builder.enumType('RestrictionReason', {
  description: 'The reason for which an object cannot be played.',
  values: {
    MARKET: { description: 'It is not available in the market.' },
    PRODUCT: { description: "The user's subscription does not include it." },
    EXPLICIT: { description: "It is explicit, and the user's account is set not to play that." },
    PAYMENT_REQUIRED: { description: 'It has to be bought.' },
    OTHER: other,
  },
});

export const MediaType = builder.enumType('MediaType', {
  description: 'The medium of the episodes of a show or the chapters of an audiobook.',
  values: {
    AUDIO: { description: 'Sound.' },
    VIDEO: { description: 'Video.' },
    MIXED: { description: 'Sound and video.' },
    OTHER: other,
  },
});

export const Restrictions = builder.objectRef<spotify.Restrictions>('Restrictions').implement({
  description: 'A restriction on the playback of an object.',
  fields: (t) => ({
    reason: t.field({
      type: RestrictionReason,
      nullable: true,
      description: 'The reason for which it cannot be played.',
      resolve: value('reason'),
    }),
  }),
});

export const Followers = builder.objectRef<spotify.Followers>('Followers').implement({
  description: 'The followers of an artist or a playlist.',
  fields: (t) => ({
    total: t.int({
      nullable: true,
      extensions: nullOnlyWithError,
      description: 'The number of followers.',
      resolve: value('total'),
    }),
  }),
});

const albumTypes = {
  ALBUM: { description: 'A full-length release.' },
  SINGLE: { description: 'A single or an EP.' },
  COMPILATION: { description: 'A collection, often of several artists.' },
};
const otherType = { description: 'One that this API does not know yet.' };

export const AlbumType = builder.enumType('AlbumType', {
  description: 'The kind of release of an album.',
  values: { ...albumTypes, OTHER: otherType },
});

export const AlbumGroup = builder.enumType('AlbumGroup', {
  description: 'The relation of an album to an artist.',
  values: {
    ...albumTypes,
    APPEARS_ON: { description: "Somebody else's release on which the artist appears." },
    OTHER: { description: `${otherType.description} \`includeGroups\` does not accept it.` },
  },
});
