import { readFileSync } from 'node:fs';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  type GraphQLField,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNullableType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { levelsOf } from '../support/unexplained-nulls.ts';

const definedTypes = Object.values(schema.getTypeMap()).filter(
  (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
);
const fieldTypes = definedTypes.filter((type) => isObjectType(type) || isInterfaceType(type));
const fieldsOf = (name: string) => fieldTypes.find((type) => type.name === name)?.getFields() ?? {};

/** `artist(id: ID!): Artist` */
function signature({ name, args, type }: GraphQLField<unknown, unknown>): string {
  const list = args.map((arg) => `${arg.name}: ${arg.type}`).join(', ');
  return `${name}${list && `(${list})`}: ${type}`;
}
const signatures = (typeName: string): string[] =>
  Object.values(fieldsOf(typeName)).map(signature).toSorted();

/** The coordinate and the description of every type, field, argument, enum value and input field. */
function* describedCoordinates(): Iterable<[coordinate: string, description: string | null | undefined]> {
  for (const type of definedTypes) {
    yield [type.name, type.description];
    const parts = isEnumType(type)
      ? type.getValues()
      : isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
        ? Object.values(type.getFields())
        : [];
    for (const part of parts) {
      yield [`${type.name}.${part.name}`, part.description];
      if (!('args' in part)) continue;
      for (const arg of part.args) yield [`${type.name}.${part.name}(${arg.name})`, arg.description];
    }
  }
}

const paging = 'first: Int, after: String, last: Int, before: String';
const connections = {
  ArtistConnection: 'Artist',
  AlbumConnection: 'Album',
  TrackConnection: 'Track',
  ArtistAlbumsConnection: 'Album',
  AlbumTracksConnection: 'Track',
  ShowConnection: 'Show',
  EpisodeConnection: 'Episode',
  ShowEpisodesConnection: 'Episode',
  AudiobookConnection: 'Audiobook',
  AudiobookChaptersConnection: 'Chapter',
  CategoryConnection: 'Category',
  PlaylistConnection: 'Playlist',
  PlaylistItemsConnection: 'PlaylistItem',
};

describe('the published schema', () => {
  test('`schema.graphql` equals the executable schema, to the letter', () => {
    const published = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');
    expect(published.trimEnd()).toBe(printSchemaWithDirectives(schema).trimEnd());
  });

  test('the schema has a description, and `Market` has the URL of its standard', () => {
    expect(schema.description).toMatch(/^Spotify's catalogue/);
    const market = schema.getType('Market');
    expect(isScalarType(market) && market.specifiedByURL).toMatch(/^https:\/\/www\.iso\.org\//);
  });

  test('every type, field, argument, enum value and input field has a description', () => {
    const described = [...describedCoordinates()];
    expect(described.length).toBeGreaterThan(150);
    const undescribed = described.filter(([, description]) => !/^\S.{4,}[.:]$/s.test(description ?? ''));
    expect(undescribed).toEqual([]);
  });
});

test('descriptions have the right article before each name', () => {
  expect(
    printSchemaWithDirectives(schema).match(
      /\b(?:an `?[B-DF-HJ-NP-TV-Zb-df-gj-np-tv-z]|a `?[AEIOaeio])\w*/g,
    ) ?? [],
  ).toEqual([]);
});

describe('fields that are null only with an error', () => {
  test('all fields that are null only with an error, and no other fields, have semantic non-null levels', () => {
    const marked = fieldTypes.flatMap((type) =>
      Object.values(type.getFields())
        .filter(({ extensions }) => levelsOf(extensions).length > 0)
        .map(({ name, type: of, extensions }) => `${type.name}.${name}: ${of} ${levelsOf(extensions)}`),
    );
    const ofConnections = Object.entries(connections).flatMap(([name, node]) => [
      `${name.replace('Connection', 'Edge')}.node: ${node} 0`,
      `${name}.nodes: [${node}]! 1`,
      `${name}.totalCount: Int 0`,
    ]);
    expect(marked.toSorted()).toEqual(
      [
        ...ofConnections,
        'Artist.albums: ArtistAlbumsConnection 0',
        'Artist.relatedArtists: [Artist] 1',
        'Artist.topTracks: [Track] 1',
        'Followers.total: Int 0',
        'Query.search: SearchResults 0',
        'ReleaseDate.date: String 0',
      ].toSorted(),
    );
  });

  test('fields that are null only with an error have the directive `@semanticNonNull` in the published schema', () => {
    expect(printSchemaWithDirectives(schema)).toContain('directive @semanticNonNull');
    expect(printSchemaWithDirectives(schema)).toContain('nodes: [Album]! @semanticNonNull(levels: [1])');
  });
});

describe('the graph', () => {
  test('`Query` has a fixed set of fields, and plural fields always return a list', () => {
    // Names with an underscore are for supergraphs.
    expect(signatures('Query').filter((field) => !field.startsWith('_'))).toEqual([
      'album(id: ID!, market: Market): Album',
      'albumByUpc(upc: String!, market: Market): Album',
      'albums(ids: [ID!]!, market: Market): [Album]!',
      'artist(id: ID!): Artist',
      'artists(ids: [ID!]!): [Artist]!',
      'audiobook(id: ID!, market: Market): Audiobook',
      'audiobooks(ids: [ID!]!, market: Market): [Audiobook]!',
      'categories(locale: String, first: Int, after: String, last: Int, before: String): CategoryConnection',
      'category(id: ID!, locale: String): Category',
      'chapter(id: ID!, market: Market): Chapter',
      'chapters(ids: [ID!]!, market: Market): [Chapter]!',
      'episode(id: ID!, market: Market): Episode',
      'episodes(ids: [ID!]!, market: Market): [Episode]!',
      'newReleases(first: Int, after: String, last: Int, before: String): AlbumConnection',
      'node(id: ID!): Node',
      'nodes(ids: [ID!]!, market: Market): [Node]!',
      'playlist(id: ID!, market: Market): Playlist',
      'quota: [QuotaFamily!]',
      'search(q: String!, type: [SearchType!], market: Market): SearchResults',
      'show(id: ID!, market: Market): Show',
      'shows(ids: [ID!]!, market: Market): [Show]!',
      'track(id: ID!, market: Market): Track',
      'trackByIsrc(isrc: String!, market: Market): Track',
      'tracks(ids: [ID!]!, market: Market): [Track]!',
    ]);
    expect([schema.getMutationType(), schema.getSubscriptionType()]).toEqual([undefined, undefined]);
  });

  test('objects have the names of Spotify, and fields that can be withheld or missing are nullable', () => {
    expect(signatures('Artist')).toEqual([
      `albums(includeGroups: [AlbumGroup!], market: Market, ${paging}): ArtistAlbumsConnection`,
      'externalUrl: String',
      'followers: Followers',
      'genres: [String]',
      'id: ID!',
      'images(minWidth: Int): [Image]',
      'name: String!',
      'popularity: Int',
      'relatedArtists: [Artist]',
      'topTracks(market: Market): [Track]',
      'uri: String!',
    ]);
    expect(signatures('Album')).toEqual([
      'albumType: AlbumType',
      'artists: [Artist]',
      'copyrights: [Copyright]',
      'externalIds: ExternalIds',
      'externalUrl: String',
      'genres: [String]',
      'id: ID!',
      'images(minWidth: Int): [Image]',
      'isPlayable: Boolean',
      'label: String',
      'name: String!',
      'popularity: Int',
      'releaseDate: ReleaseDate',
      'restrictions: Restrictions',
      'totalTracks: Int',
      `tracks(market: Market, ${paging}): AlbumTracksConnection`,
      'uri: String!',
    ]);
    expect(signatures('Track')).toEqual([
      'album: Album',
      'artists: [Artist]',
      'discNumber: Int',
      'durationMs: Int',
      'explicit: Boolean',
      'externalIds: ExternalIds',
      'externalUrl: String',
      'id: ID!',
      'isLocal: Boolean',
      'isPlayable: Boolean',
      'linkedFrom: Track',
      'name: String!',
      'popularity: Int',
      'previewUrl: String',
      'restrictions: Restrictions',
      'trackNumber: Int',
      'uri: String!',
    ]);
    expect(signatures('Show')).toEqual([
      'copyrights: [Copyright]',
      'description: String',
      `episodes(market: Market, ${paging}): ShowEpisodesConnection`,
      'explicit: Boolean',
      'externalUrl: String',
      'htmlDescription: String',
      'id: ID!',
      'images(minWidth: Int): [Image]',
      'isExternallyHosted: Boolean',
      'languages: [String]',
      'mediaType: MediaType',
      'name: String!',
      'publisher: String',
      'totalEpisodes: Int',
      'uri: String!',
    ]);
    expect(signatures('Playlist')).toEqual([
      'collaborative: Boolean',
      'description: String',
      'externalUrl: String',
      'followers: Followers',
      'id: ID!',
      'images(minWidth: Int): [Image]',
      `items(market: Market, ${paging}): PlaylistItemsConnection`,
      'name: String!',
      'owner: User',
      'public: Boolean',
      'snapshotId: String',
      'uri: String!',
    ]);
    expect(signatures('PlaylistItem')).toEqual([
      'addedAt: String',
      'addedBy: User',
      'isLocal: Boolean',
      'item: TrackOrEpisode',
    ]);
    expect(signatures('User')).toEqual([
      'displayName: String',
      'externalUrl: String',
      'id: ID!',
      'playlists(first: Int, after: String, last: Int, before: String): PlaylistConnection',
      'uri: String!',
    ]);
    expect(signatures('Category')).toEqual([
      'icons(minWidth: Int): [Image]',
      'id: ID!',
      'name: String!',
      'playlists(first: Int, after: String, last: Int, before: String): PlaylistConnection',
    ]);
    expect(signatures('Episode')).toEqual([
      'audioPreviewUrl: String',
      'description: String',
      'durationMs: Int',
      'explicit: Boolean',
      'externalUrl: String',
      'htmlDescription: String',
      'id: ID!',
      'images(minWidth: Int): [Image]',
      'isExternallyHosted: Boolean',
      'isPlayable: Boolean',
      'language: String',
      'languages: [String]',
      'name: String!',
      'releaseDate: ReleaseDate',
      'restrictions: Restrictions',
      'show: Show',
      'uri: String!',
    ]);
    expect(signatures('Audiobook')).toEqual([
      'authors: [Author]',
      `chapters(market: Market, ${paging}): AudiobookChaptersConnection`,
      'copyrights: [Copyright]',
      'description: String',
      'edition: String',
      'explicit: Boolean',
      'externalUrl: String',
      'htmlDescription: String',
      'id: ID!',
      'images(minWidth: Int): [Image]',
      'languages: [String]',
      'mediaType: MediaType',
      'name: String!',
      'narrators: [Narrator]',
      'publisher: String',
      'totalChapters: Int',
      'uri: String!',
    ]);
    expect(signatures('Chapter')).toEqual([
      'audioPreviewUrl: String',
      'audiobook: Audiobook',
      'chapterNumber: Int',
      'description: String',
      'durationMs: Int',
      'explicit: Boolean',
      'externalUrl: String',
      'htmlDescription: String',
      'id: ID!',
      'images(minWidth: Int): [Image]',
      'isPlayable: Boolean',
      'languages: [String]',
      'name: String!',
      'releaseDate: ReleaseDate',
      'restrictions: Restrictions',
      'uri: String!',
    ]);
  });

  test.each([
    ['Image', ['height: Int', 'url: String', 'width: Int']],
    ['ReleaseDate', ['date: String', 'precision: DatePrecision']],
    ['Author', ['name: String']],
    ['Narrator', ['name: String']],
    ['Copyright', ['text: String', 'type: CopyrightType']],
    ['ExternalIds', ['ean: String', 'isrc: String', 'upc: String']],
    ['Followers', ['total: Int']],
    ['Restrictions', ['reason: RestrictionReason']],
    ['Node', ['id: ID!']],
    [
      'PageInfo',
      ['endCursor: String', 'hasNextPage: Boolean!', 'hasPreviousPage: Boolean!', 'startCursor: String'],
    ],
    [
      'SearchResults',
      [
        `albums(${paging}): AlbumConnection`,
        `artists(${paging}): ArtistConnection`,
        `audiobooks(${paging}): AudiobookConnection`,
        `episodes(${paging}): EpisodeConnection`,
        `playlists(${paging}): PlaylistConnection`,
        `shows(${paging}): ShowConnection`,
        `tracks(${paging}): TrackConnection`,
      ],
    ],
  ])('the type %s has only fields that Spotify sends', (name, fields) => {
    expect(signatures(name)).toEqual(fields);
  });

  test.each([
    ['DatePrecision', ['DAY', 'MONTH', 'YEAR', 'OTHER']],
    ['AlbumType', ['ALBUM', 'SINGLE', 'COMPILATION', 'OTHER']],
    ['AlbumGroup', ['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON', 'OTHER']],
    ['CopyrightType', ['C', 'P', 'OTHER']],
    ['RestrictionReason', ['MARKET', 'PRODUCT', 'EXPLICIT', 'PAYMENT_REQUIRED', 'OTHER']],
    ['MediaType', ['AUDIO', 'VIDEO', 'MIXED', 'OTHER']],
    ['SearchType', ['ARTIST', 'ALBUM', 'TRACK', 'SHOW', 'EPISODE', 'AUDIOBOOK', 'PLAYLIST']],
  ])('the enum %s has values in capitals, and a value for unknown values of Spotify', (name, values) => {
    const type = schema.getType(name);
    expect(isEnumType(type) && type.getValues().map((value) => value.name)).toEqual(values);
  });

  test.each(Object.entries(connections))('%s is a connection over slots of %s', (name, node) => {
    const edge = name.replace('Connection', 'Edge');
    expect(signatures(name)).toEqual([
      `edges: [${edge}!]!`,
      `nodes: [${node}]!`,
      'pageInfo: PageInfo!',
      'totalCount: Int',
    ]);
    const group = name === 'ArtistAlbumsConnection' ? ['albumGroup: AlbumGroup'] : [];
    expect(signatures(edge)).toEqual([...group, 'cursor: String!', `node: ${node}`]);
  });

  test('every list that Spotify pages is a connection, and every connection has a page size', () => {
    const connectionFields = fieldTypes
      .flatMap((type) => Object.values(type.getFields()).map((field) => ({ on: type.name, field })))
      .filter(({ field }) => `${field.type}`.endsWith('Connection'));
    expect(connectionFields.map(({ on, field }) => `${on}.${field.name}`).toSorted()).toEqual([
      'Album.tracks',
      'Artist.albums',
      'Audiobook.chapters',
      'Category.playlists',
      'Playlist.items',
      'Query.categories',
      'Query.newReleases',
      'SearchResults.albums',
      'SearchResults.artists',
      'SearchResults.audiobooks',
      'SearchResults.episodes',
      'SearchResults.playlists',
      'SearchResults.shows',
      'SearchResults.tracks',
      'Show.episodes',
      'User.playlists',
    ]);
    for (const { field } of connectionFields) expect(signature(field)).toContain(paging);
  });

  test('fields that Spotify withholds from some apps, or fails to send, are nullable', () => {
    const withheld = {
      Artist: ['followers', 'popularity', 'genres', 'topTracks', 'relatedArtists', 'images', 'albums'],
      Album: ['label', 'popularity', 'genres', 'copyrights', 'externalIds', 'tracks', 'images'],
      Track: ['popularity', 'externalIds', 'linkedFrom', 'previewUrl', 'album', 'isPlayable'],
      Show: ['publisher', 'episodes', 'isExternallyHosted'],
      Playlist: ['items', 'owner', 'followers', 'public', 'description'],
      PlaylistItem: ['addedAt', 'addedBy', 'isLocal', 'item'],
      User: ['displayName', 'externalUrl', 'playlists'],
      Category: ['icons', 'playlists'],
      Query: ['newReleases', 'categories', 'category'],
      Episode: ['audioPreviewUrl', 'show', 'restrictions'],
      Audiobook: ['publisher', 'chapters', 'edition'],
      Chapter: ['audioPreviewUrl', 'audiobook', 'restrictions'],
      ArtistAlbumsEdge: ['albumGroup', 'node'],
    };
    for (const [type, names] of Object.entries(withheld)) {
      for (const name of names) {
        const field = fieldsOf(type)[name];
        expect(field && isNullableType(field.type), `${type}.${name}`).toBe(true);
      }
    }
  });

  test('only the fields id, uri and name of an object are non-null', () => {
    const gatewayTypes = /^(Query|PageInfo|QuotaFamily|_Service)$|(Connection|Edge)$/;
    const nonNullFields = fieldTypes
      .filter(({ name }) => !gatewayTypes.test(name))
      .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })))
      .filter(({ field }) => `${field.type}`.includes('!'))
      .map(({ type, field }) => `${type.name}.${field.name}`);
    const kinds = ['Album', 'Artist', 'Track', 'Show', 'Episode', 'Audiobook', 'Chapter', 'Playlist'];
    expect(nonNullFields.toSorted()).toEqual(
      [
        ...kinds.flatMap((kind) => ['id', 'name', 'uri'].map((name) => `${kind}.${name}`)),
        'Category.id',
        'Category.name',
        'Node.id',
        'User.id',
        'User.uri',
      ].toSorted(),
    );
  });

  test('every kind implements `Node`, so that a supergraph can merge its objects by their ids', () => {
    const nodes = ['Artist', 'Album', 'Track', 'Show', 'Episode', 'Audiobook', 'Chapter', 'Playlist'].map(
      (name) => schema.getType(name),
    );
    const interfaces = nodes.map(
      (type) => isObjectType(type) && type.getInterfaces().map(({ name }) => name),
    );
    expect(interfaces).toEqual(nodes.map(() => ['Node']));
  });
});
