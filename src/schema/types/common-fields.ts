import type { FieldMap } from '@pothos/core';
import {
  type Entity,
  type Kind,
  type KindOf,
  type ListOwner,
  type Market,
  type PagedEndpoint,
  type PagedListDefinition,
  type Spotify,
  type SpotifyObject,
  uriOf,
} from '../../datasources/spotify/index.ts';
import { marketArg } from '../arguments.ts';
import type { FieldsOf } from '../builder.ts';
import { embeddedListCost } from '../planning/list-costs.ts';
import { fullObjectCost } from '../planning/object-costs.ts';
import { resolveConnection } from '../relay/connect.ts';
import { connectionArgs } from '../relay/connection.ts';
import { loadFull, loadFullById, sent } from '../resolvers.ts';
import { imagesField } from './images.ts';
import { Copyright, MediaType, ReleaseDate, Restrictions } from './values.ts';

/** Fields that objects of several kinds have. */

export const linkFields = (t: FieldsOf<SpotifyObject>, kind: string): FieldMap => ({
  uri: t.string({ description: `The Spotify URI of the ${kind}.`, resolve: (object) => uriOf(object) }),
  externalUrl: t.string({
    nullable: true,
    description: `The ${kind}'s page on open.spotify.com.`,
    resolve: sent('externalUrl'),
  }),
});

/** The cost and the resolver of a field that simplified objects lack: it is read from the full object. */
export const fullField = <K extends string>(kind: Kind, name: K) => ({
  extensions: { cost: fullObjectCost(kind, name) },
  resolve: loadFull(name),
});

/** Whether an album or a track can be played. */
export const playabilityFields = (t: FieldsOf<KindOf['album' | 'track']>): FieldMap => ({
  isPlayable: t.boolean({
    nullable: true,
    description: 'Whether it can be played in the market; null where no market was named.',
    extensions: { cost: { needsFullObjectById: (market) => market === null } },
    // For a market too, Spotify leaves it out of some full objects: no call is spent to look for it there.
    resolve: loadFullById('isPlayable'),
  }),
  restrictions: restrictionsField(t),
});

/** The options of a field for a list of which the full `owner` contains the first page. */
export function embeddedList<T extends Entity>(
  t: FieldsOf<SpotifyObject>,
  owner: Kind,
  list: PagedListDefinition<T> & { name: PagedEndpoint },
) {
  const listOf = (spotify: Pick<Spotify, 'pagedList'>, object: ListOwner, market: Market | null) =>
    spotify.pagedList(list, object, undefined, market);
  return {
    nullable: true,
    extensions: { cost: embeddedListCost(owner, list.name, listOf) },
    args: { market: marketArg(t), ...connectionArgs(t) },
    resolve: resolveConnection(listOf),
  } as const;
}

const restrictionsField = (t: FieldsOf<KindOf['album' | 'track' | 'episode' | 'chapter']>) =>
  t.field({
    type: Restrictions,
    nullable: true,
    description: 'The reason for which it cannot be played; null if it can be played.',
    resolve: sent('restrictions'),
  });

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
  languages: t.stringList({
    nullable: { list: true, items: true },
    description: 'Its languages, as codes of ISO 639.',
    resolve: sent('languages'),
  }),
  images: imagesField(t, 'The cover, widest first.', sent('images')),
  explicit: t.boolean({
    nullable: true,
    description: 'Whether its content is explicit, as far as is known.',
    resolve: sent('explicit'),
  }),
});

export const seriesFields = (t: FieldsOf<KindOf['show' | 'audiobook']>): FieldMap => ({
  publisher: t.string({
    nullable: true,
    description: 'The name of the publisher. Not available to every app.',
    resolve: sent('publisher'),
  }),
  mediaType: t.field({
    type: MediaType,
    nullable: true,
    description: 'Whether its episodes or chapters are sound or video.',
    resolve: sent('mediaType'),
  }),
  copyrights: t.field({
    type: [Copyright],
    nullable: { list: true, items: true },
    description: 'Its copyright statements; often none.',
    resolve: sent('copyrights'),
  }),
});

export const recordingFields = (t: FieldsOf<KindOf['episode' | 'chapter']>): FieldMap => ({
  releaseDate: t.field({
    type: ReleaseDate,
    nullable: true,
    description: 'The date of its first release.',
    resolve: sent('releaseDate'),
  }),
  durationMs: t.int({
    nullable: true,
    description: 'Its duration in milliseconds.',
    resolve: sent('durationMs'),
  }),
  restrictions: restrictionsField(t),
  audioPreviewUrl: t.string({
    nullable: true,
    description: 'Thirty seconds of it as MP3; null where there is none.',
    resolve: sent('audioPreviewUrl'),
  }),
});
