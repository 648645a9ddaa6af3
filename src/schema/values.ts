import type * as spotify from '../datasources/spotify/index.ts';
import { builder } from './builder.ts';

/** The small types without an id that hang on artists, albums and tracks. */

const other = { description: 'A value that this API does not know yet.' };

export const Image = builder.objectRef<spotify.Image>('Image').implement({
  description: 'A picture, in one of its sizes.',
  fields: (t) => ({
    url: t.exposeString('url', { nullable: true, description: 'Where to load it from.' }),
    width: t.exposeInt('width', { nullable: true, description: 'In pixels, where Spotify says.' }),
    height: t.exposeInt('height', { nullable: true, description: 'In pixels, where Spotify says.' }),
  }),
});

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
  description: 'When something was released, as precisely as it is known.',
  fields: (t) => ({
    date: t.exposeString('date', { description: 'The date, shortened to what is known of it.' }),
    precision: t.expose('precision', { type: DatePrecision, description: 'How much of `date` is known.' }),
  }),
});

const CopyrightType = builder.enumType('CopyrightType', {
  description: 'What a copyright statement is about.',
  values: {
    C: { description: 'The copyright of the work.' },
    P: { description: 'The copyright of the sound recording (performance).' },
    OTHER: other,
  },
});

export const Copyright = builder.objectRef<spotify.Copyright>('Copyright').implement({
  description: 'A copyright statement of an album.',
  fields: (t) => ({
    text: t.exposeString('text', { description: 'The statement itself.' }),
    type: t.expose('type', { type: CopyrightType, description: 'What it is about.' }),
  }),
});

export const ExternalIds = builder.objectRef<spotify.ExternalIds>('ExternalIds').implement({
  description: 'Names of an album or a track outside Spotify.',
  fields: (t) => ({
    isrc: t.exposeString('isrc', { nullable: true, description: 'International Standard Recording Code.' }),
    upc: t.exposeString('upc', { nullable: true, description: 'Universal Product Code.' }),
    ean: t.exposeString('ean', { nullable: true, description: 'International Article Number.' }),
  }),
});

const RestrictionReason = builder.enumType('RestrictionReason', {
  description: 'Why something cannot be played.',
  values: {
    MARKET: { description: 'It is not available in the market.' },
    PRODUCT: { description: "The user's subscription does not include it." },
    EXPLICIT: { description: "It is explicit, and the user's account is set not to play that." },
    OTHER: other,
  },
});

export const Restrictions = builder.objectRef<spotify.Restrictions>('Restrictions').implement({
  description: 'A restriction on playing something.',
  fields: (t) => ({
    reason: t.expose('reason', { type: RestrictionReason, description: 'Why it cannot be played.' }),
  }),
});

export const Followers = builder.objectRef<number>('Followers').implement({
  description: 'Who follows an artist.',
  fields: (t) => ({
    total: t.int({ description: 'How many there are.', resolve: (total) => total }),
  }),
});

export const TrackLink = builder.objectRef<spotify.TrackLink>('TrackLink').implement({
  description: 'The track that was asked for, where another one stands in for it in the market.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Spotify's id of the track asked for." }),
    uri: t.string({ description: 'Its Spotify URI.', resolve: ({ id }) => `spotify:track:${id}` }),
    externalUrl: t.exposeString('externalUrl', {
      nullable: true,
      description: 'Its page on open.spotify.com.',
    }),
  }),
});
