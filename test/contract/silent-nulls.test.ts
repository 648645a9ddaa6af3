import {
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { expect, test } from 'vitest';
import { kinds } from '../../src/datasources/spotify/index.ts';
import { schema } from '../../src/schema/index.ts';
import { startGateway } from '../support/gateway.ts';
import { plainId, plainPage } from '../support/plain-objects.ts';
import { modes } from '../support/schema-tests.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';

/** Every null in a response has an entry in `unavailable` or an error, whatever Spotify leaves out. */

/** Fields whose null is a statement, and needs no entry. */
const statements: ReadonlySet<string> = new Set([
  // Spotify leaves these out of an object that has none.
  'Album.restrictions',
  'Track.restrictions',
  'Episode.restrictions',
  'Chapter.restrictions',
  'Track.linkedFrom',
  'ExternalIds.isrc',
  'ExternalIds.upc',
  'ExternalIds.ean',
  'Audiobook.edition',
  // A playlist's slot without an object.
  'PlaylistItem.item',
  // A user who does not exist.
  'User.playlists',
  // A page without slots.
  'PageInfo.startCursor',
  'PageInfo.endCursor',
]);

/** Fields whose null is a statement if Spotify sends null. */
const statedNulls: ReadonlySet<string> = new Set([
  'Image.width',
  'Image.height',
  'Track.previewUrl',
  'Episode.audioPreviewUrl',
  'Chapter.audioPreviewUrl',
  'Episode.isExternallyHosted',
  'Show.isExternallyHosted',
  'Playlist.description',
  'Playlist.public',
  'User.displayName',
  'PlaylistItem.addedAt',
  'PlaylistItem.addedBy',
]);

const pluralOf = Object.fromEntries(Object.values(kinds).map(({ name, plural }) => [name, plural]));
const kindNames = Object.keys(pluralOf);
const requestedId = plainId(1);
const otherId = plainId(2);

/** The embedded objects of each kind, by their keys. */
const inside: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  album: { artists: 'artist' },
  track: { artists: 'artist', album: 'album' },
  episode: { show: 'show' },
  chapter: { audiobook: 'audiobook' },
};

/** The fewest keys that an object can have. */
const bare = (kind: string, id: string) => ({ id, name: `A ${kind}`, type: kind });

/** An object whose parts are there and empty. */
function hollow(kind: string, id: string): object {
  const part = (inner: string) => hollow(inner, otherId);
  const objects = Object.entries(inside[kind] ?? {}).map(([key, inner]) => [
    key,
    key === 'artists' ? [part(inner), null] : part(inner),
  ]);
  return {
    ...bare(kind, id),
    images: [{}, null],
    external_urls: {},
    followers: {},
    copyrights: [{}],
    external_ids: {},
    restrictions: {},
    genres: [null],
    languages: [null],
    authors: [{}],
    narrators: [{}],
    release_date: '2020',
    owner: { id: 'somebody' },
    ...(kind === 'playlist' && { items: plainPage([{ item: part('track') }, {}]) }),
    ...Object.fromEntries(objects),
  };
}

const keys =
  `available_markets external_urls images genres followers popularity album_type total_tracks release_date
  release_date_precision restrictions is_playable artists album_group tracks copyrights external_ids label disc_number
  duration_ms explicit is_local linked_from preview_url track_number album collaborative description owner public
  snapshot_id items html_description is_externally_hosted languages media_type publisher total_episodes episodes
  audio_preview_url language show authors narrators edition total_chapters chapters chapter_number audiobook`.split(
    /\s+/,
  );

/** An object whose parts are all null. */
const nulled = (kind: string, id: string) => ({
  ...Object.fromEntries(keys.map((key) => [key, null])),
  ...bare(kind, id),
});

type Maker = (kind: string, id: string) => object;

/** A Spotify that has these objects, and has no other object by its id. */
async function start(mode: string, make: Maker, idsThatExist: string) {
  const page = (kind: string) => plainPage([make(kind, otherId)]);
  const upstream = await startScriptedUpstream([
    { path: '/albums/[^/]+/tracks$', body: page('track'), echoPage: true },
    { path: '/artists/[^/]+/albums$', body: page('album'), echoPage: true },
    { path: '/shows/[^/]+/episodes$', body: page('episode'), echoPage: true },
    { path: '/audiobooks/[^/]+/chapters$', body: page('chapter'), echoPage: true },
    { path: '/playlists/[^/]+/items$', body: plainPage([{}]), echoPage: true },
    { path: '/artists/[^/]+/top-tracks$', body: { tracks: [make('track', otherId)] } },
    { path: '/artists/[^/]+/related-artists$', body: { artists: [make('artist', otherId)] } },
    ...kindNames.flatMap((kind) =>
      [requestedId, otherId].map((id) => ({
        path: idsThatExist.includes(id) ? `^/${pluralOf[kind]}/${id}$` : '^$',
        body: make(kind, id),
      })),
    ),
    { path: '^/browse/new-releases$', body: { albums: page('album') }, echoPage: true },
    {
      path: '^/browse/categories$',
      body: { categories: plainPage([{ id: 'party', name: 'Party' }]) },
      echoPage: true,
    },
    { path: '/browse/categories/[^/]+/playlists$', body: { playlists: page('playlist') }, echoPage: true },
    {
      path: '^/search$',
      body: Object.fromEntries(kindNames.map((kind) => [pluralOf[kind], page(kind)])),
      echoPage: true,
    },
  ]);
  return startGateway(upstream, {
    SPOTIFY_QUOTA_MODE: mode,
    MAX_UPSTREAM_CALLS: '1000',
    REQUEST_TIMEOUT_MS: '20000',
  });
}

/** All fields of a type; objects of the catalogue are selected down to a depth. */
function selectionOf(type: GraphQLObjectType, depth: number): string {
  const fields = Object.values(type.getFields()).flatMap((field) => selected(field, depth));
  return `{ __typename ${fields.join(' ')} }`;
}

function selected({ name, type }: GraphQLField<unknown, unknown>, depth: number): string[] {
  const named = getNamedType(type);
  if (isUnionType(named)) return [`${name} { __typename }`];
  if (!isObjectType(named)) return [name];
  const isOfCatalogue = 'id' in named.getFields();
  if (isOfCatalogue && depth === 0) return [];
  return [`${name} ${selectionOf(named, isOfCatalogue ? depth - 1 : depth)}`];
}

const typeNamed = (name: string): GraphQLObjectType => {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(`There is no type ${name}.`);
  return type;
};

interface Null {
  coordinate: string;
  path: string;
}

/** The nulls below a value. */
function nullsIn(value: unknown, coordinate: string, path: readonly (string | number)[]): Null[] {
  if (value === null) return [{ coordinate, path: path.join('.') }];
  if (Array.isArray(value)) return value.flatMap((each, i) => nullsIn(each, coordinate, [...path, i]));
  if (typeof value !== 'object') return [];
  const { __typename, ...fields } = value as Record<string, unknown>;
  return Object.entries(fields).flatMap(([name, each]) =>
    nullsIn(each, `${__typename ?? 'Query'}.${name}`, [...path, name]),
  );
}

const byId = kindNames.map((kind): [string, string] => [
  `${kind} by its id`,
  `{ ${kind}(id: "${requestedId}") ${selectionOf(typeNamed(kind.charAt(0).toUpperCase() + kind.slice(1)), 1)} }`,
]);
const documents: [string, string][] = [
  ...byId,
  ['search', `{ search(q: "a") ${selectionOf(typeNamed('SearchResults'), 1)} }`],
  ['new releases', `{ newReleases ${selectionOf(typeNamed('AlbumConnection'), 1)} }`],
  ['categories', `{ categories ${selectionOf(typeNamed('CategoryConnection'), 1)} }`],
];
const forms: [string, Maker][] = [
  ['no parts', bare],
  ['empty parts', hollow],
  ['parts that are null', nulled],
];
const existing: [string, string][] = [
  ['all objects', `${requestedId} ${otherId}`],
  ['only the requested object', requestedId],
];

for (const mode of modes)
  for (const [form, make] of forms)
    for (const [which, ids] of existing)
      test.each(documents)(
        `each null of the %s has an entry in \`unavailable\` or an error, for objects with ${form}, if Spotify finds ${which} by id (${mode})`,
        async (_, document) => {
          const { execute } = await start(mode, make, ids);
          const { data, errors, extensions } = await execute<object, object>(document);
          const errorPaths = errors.map(({ path }) => path?.join('.'));
          const notes = (extensions.spotify?.unavailable ?? []).map(({ path }) => path.join('.'));
          const silent = nullsIn(data, 'Query', []).filter(
            ({ coordinate, path }) =>
              !statements.has(coordinate) &&
              !(make === nulled && statedNulls.has(coordinate)) &&
              !notes.includes(path) &&
              !errorPaths.includes(path),
          );
          expect(silent).toEqual([]);
          const twice = notes.filter((note, i) => notes.indexOf(note) !== i);
          expect(twice).toEqual([]);
        },
      );

test('the exempt fields exist and are nullable', () => {
  for (const coordinate of [...statements, ...statedNulls]) {
    const [typeName = '', name = ''] = coordinate.split('.');
    expect(isNonNullType(typeNamed(typeName).getFields()[name]?.type), coordinate).toBe(false);
    expect(typeNamed(typeName).getFields()[name], coordinate).toBeDefined();
  }
});
