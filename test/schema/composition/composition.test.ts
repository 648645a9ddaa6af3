import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { composeServices } from '@theguild/federation-composition';
import { buildSchema, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { codeBlocks } from '../../support/repository.ts';
import {
  albums,
  artists,
  catalogue,
  modes,
  startInMode,
  tracks,
  unknownId,
} from '../../support/schema-tests.ts';
import { temporaryFolder } from '../../support/temporary-files.ts';

/** The schema that stitching parents and federation routers read from the gateway, and the operations that they send. */

const { bts } = artists;
const [someAlbum = ''] = Object.values(albums);
const [someTrack = ''] = Object.values(tracks);
const otherArtistIds = catalogue
  .artists()
  .map(({ id }) => id)
  .filter((id) => !Object.values<string>(artists).includes(id))
  .slice(0, 20);

const serviceSdl = async (): Promise<string> => {
  const { execute } = await startInMode('extended');
  const { data } = await execute<{ _service: { sdl: string } }, unknown>('{ _service { sdl } }');
  return data._service.sdl;
};

describe('a stitching parent', () => {
  test('a stitching parent reads the published schema from `_sdl`, to the letter', async () => {
    const { execute } = await startInMode('extended');
    const { data } = await execute<{ _sdl: string }, unknown>('{ _sdl }');
    expect(data._sdl.trimEnd()).toBe(
      readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8').trimEnd(),
    );
  });

  test('a stitching parent reads from `_sdl` how to find the objects of every kind by their keys, and of no other type', async () => {
    const { execute } = await startInMode('extended');
    const { data } = await execute<{ _sdl: string }, unknown>('{ _sdl }');
    const { stitchingDirectivesTransformer, stitchingDirectivesValidator } = stitchingDirectives();
    const schema = stitchingDirectivesValidator(buildSchema(data._sdl));

    const { merge = {} } = stitchingDirectivesTransformer({ schema });

    const found = Object.entries(merge).map(([type, { selectionSet, fieldName, key, argsFromKeys }]) => [
      type,
      selectionSet?.replace(/\s+/g, ' '),
      fieldName,
      argsFromKeys?.(['a', 'b'].map((id) => key?.({ id }))),
    ]);
    expect(found.toSorted()).toEqual([
      ['Album', '{ id }', 'albums', { ids: ['a', 'b'] }],
      ['Artist', '{ id }', 'artists', { ids: ['a', 'b'] }],
      ['Audiobook', '{ id }', 'audiobooks', { ids: ['a', 'b'] }],
      ['Chapter', '{ id }', 'chapters', { ids: ['a', 'b'] }],
      ['Episode', '{ id }', 'episodes', { ids: ['a', 'b'] }],
      ['Show', '{ id }', 'shows', { ids: ['a', 'b'] }],
      ['Track', '{ id }', 'tracks', { ids: ['a', 'b'] }],
    ]);
  });
});

test('`_sdl` and `_service` return the schema also if introspection is disabled', async () => {
  const { execute } = await startInMode('extended', { INTROSPECTION: 'false' });
  const { data } = await execute<{ _sdl: string; _service: { sdl: string } }, unknown>(
    '{ _sdl _service { sdl } }',
  );
  expect(data._sdl).toContain('type Artist implements Node');
  expect(data._service.sdl).toContain('type Artist implements Node @key(fields: "id") @key(fields: "uri")');
  expect((await execute('{ __schema { queryType { name } } }')).status).toBe(400);
});

describe('a federation router', () => {
  const subgraph = (name: string, sdl: string) => ({
    name,
    url: `http://${name}.invalid/graphql`,
    typeDefs: parse(sdl),
  });
  const link = (imports: string) =>
    `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [${imports}])`;

  test('a router reads the levels of every @semanticNonNull, because the composition of Mesh loses defaults', async () => {
    const fields = (await serviceSdl()).split('\n').filter((line) => line.includes(' @semanticNonNull'));
    const marked = fields.filter((line) => !line.startsWith('directive'));
    expect(marked.length).toBeGreaterThan(10);
    expect(marked.filter((line) => !line.includes('@semanticNonNull(levels: ['))).toEqual([]);
  });

  test('a router composes the gateway alone, and with a subgraph that has its own connections, without a hint', async () => {
    const gatewaySubgraph = subgraph('spotify', await serviceSdl());
    const concerts = subgraph(
      'concerts',
      `${link('"@key", "@shareable"')}
      type Query { concerts: [Concert!]! }
      type Concert { city: String! headliner: Artist }
      type Artist @key(fields: "id") { id: ID! concerts(first: Int): ConcertConnection }
      type Album @key(fields: "uri") { uri: String! review: String }
      type ConcertConnection { nodes: [Concert]! pageInfo: PageInfo! }
      type PageInfo @shareable {
        hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String
      }`,
    );

    for (const subgraphs of [[gatewaySubgraph], [gatewaySubgraph, concerts]]) {
      const { errors, supergraphSdl, ...result } = composeServices(subgraphs);
      expect(errors).toBeUndefined();
      expect('hints' in result ? result.hints : []).toEqual([]);
      expect(supergraphSdl).toContain('type Artist');
    }
  });

  test('a router composes the gateway with a subgraph that defines the same value types', async () => {
    const sdl = await serviceSdl();
    const valueTypes = sdl.match(/^type \w+ @shareable @cost\(weight: 0\) \{[^}]*\}/gm) ?? [];
    expect(valueTypes.map((text) => text.split(' ')[1])).toEqual([
      'PageInfo',
      'Image',
      'ReleaseDate',
      'Copyright',
      'ExternalIds',
      'Restrictions',
      'Followers',
      'Author',
      'Narrator',
    ]);
    const declared = sdl.match(/^(enum|directive|scalar) [\s\S]*?(?=\n\n)/gm) ?? [];
    const withCosts = link('"@cost", "@key", "@listSize", "@shareable"').replace('v2.3', 'v2.9');
    const other = [withCosts, 'type Query { cover: Image }', ...declared, ...valueTypes];

    const { errors } = composeServices([subgraph('spotify', sdl), subgraph('covers', other.join('\n\n'))]);

    expect(errors).toBeUndefined();
  });

  test('a router reads the published subgraph.graphql from `_service`, to the letter', async () => {
    const published = readFileSync(new URL('../../../subgraph.graphql', import.meta.url), 'utf8');
    expect((await serviceSdl()).trimEnd()).toBe(published.trimEnd());
  });

  test("a router composes a subgraph that has `node` or `nodes` only if its field overrides the gateway's", async () => {
    const gatewaySubgraph = subgraph('spotify', await serviceSdl());
    const withNode = (directive: string, name = 'node') =>
      subgraph(
        'concerts',
        `${link('"@key", "@override", "@inaccessible", "@shareable"')}
        type Query { ${name === 'node' ? 'node(id: ID!): Node' : 'nodes(ids: [ID!]!): [Node]!'} ${directive} }
        interface Node { id: ID! }
        type Artist implements Node @key(fields: "id") { id: ID! }
        type Concert implements Node @key(fields: "id") { id: ID! city: String! }`,
      );

    for (const name of ['node', 'nodes']) {
      for (const directive of ['', '@inaccessible', '@shareable']) {
        const { errors } = composeServices([gatewaySubgraph, withNode(directive, name)]);
        expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['INVALID_FIELD_SHARING']);
      }
      expect(
        composeServices([gatewaySubgraph, withNode('@override(from: "spotify")', name)]).errors,
      ).toBeUndefined();
    }
    const overridden = composeServices([gatewaySubgraph, withNode('@override(from: "spotify")')]);

    const [, directive] = /^ *node\([^)]*\): Node (.*)$/m.exec(overridden.supergraphSdl ?? '') ?? [];
    expect(directive).toBe('@join__field(graph: CONCERTS, override: "spotify") @cost(weight: 3)');
  });

  test('a router composes a subgraph that has its own `User` or `Category` only with a copy of the SDL that leaves out the type of the gateway', async () => {
    const sdl = readFileSync('subgraph.graphql', 'utf8');
    const file = join(temporaryFolder(), 'spotify.graphql');
    const [code = ''] = codeBlocks(readFileSync('docs/composition.md', 'utf8'), 'js').filter((block) =>
      block.includes('leftOut'),
    );
    /** The SDL that the code of the docs writes. */
    function without(leftOut: readonly string[]): string {
      const script = code
        .replace("['User']", JSON.stringify(leftOut))
        .replace('node_modules/spotify-graphql-gateway/', '')
        .replace("'spotify.graphql'", JSON.stringify(file));
      execFileSync(process.execPath, ['--input-type=module', '--eval', script]);
      return readFileSync(file, 'utf8');
    }
    const own = (type: string) =>
      subgraph(
        'shop',
        `${link('"@key"')} type Query { mine: ${type} } type ${type} @key(fields: "id") { id: ID! mail: String }`,
      );

    for (const leftOut of [['User'], ['Category', 'CategoryConnection', 'CategoryEdge']]) {
      const [type = ''] = leftOut;
      const withType = composeServices([subgraph('spotify', sdl), own(type)]);
      expect(withType.errors?.map(({ extensions }) => extensions['code'])).toEqual(['INVALID_FIELD_SHARING']);
      const composed = composeServices([subgraph('spotify', without(leftOut)), own(type)]);
      expect(composed.errors).toBeUndefined();
      expect(composed.supergraphSdl).toMatch(/^type Playlist\b/m);
    }
  });

  test('the SDL for a router has none of the fields, types and directives for stitching and federation', async () => {
    const sdl = await serviceSdl();
    expect(sdl).not.toMatch(/\b(_sdl|_service|_entities|_Any|_Entity|_Service)\b|@merge/);
  });
});

describe.each(modes)('entities for an app in %s mode', (mode) => {
  const inThisMode = (extended: number, development: number) =>
    mode === 'extended' ? extended : development;
  const entities = (ofArtists: string) => `query ($of: [_Any!]!) {
    _entities(representations: $of) {
      ... on Artist { ${ofArtists} }
      ... on Album { title: name }
      ... on Track { heading: name }
    }
  }`;
  const artist = (id: string) => ({ __typename: 'Artist', id });

  test('entities of every kind are in the order of their representations, and null if they do not exist', async () => {
    const { execute } = await startInMode(mode);
    const { data, errors } = await execute(entities('name'), {
      of: [
        { __typename: 'Track', id: someTrack },
        artist(unknownId),
        { __typename: 'Album', id: someAlbum },
        artist(bts),
        artist(bts),
      ],
    });
    expect(errors).toEqual([]);
    expect(data).toEqual({
      _entities: [
        { heading: catalogue.track(someTrack)?.name },
        null,
        { title: catalogue.album(someAlbum)?.name },
        { name: 'BTS' },
        { name: 'BTS' },
      ],
    });
  });

  test('entities cost the same calls as the field `artists`: 20 artists with 5 albums each', async () => {
    const router = await startInMode(mode);
    const client = await startInMode(mode);

    const referred = await router.execute<{ _entities: unknown[] }, unknown>(
      entities('name albums(first: 5) { nodes { name } }'),
      { of: otherArtistIds.map(artist) },
    );
    const direct = await client.execute<{ artists: unknown[] }, unknown>(
      'query ($ids: [ID!]!) { artists(ids: $ids) { name albums(first: 5) { nodes { name } } } }',
      { ids: otherArtistIds },
    );

    expect(direct.errors).toEqual([]);
    expect(referred.data._entities).toEqual(direct.data.artists);
    expect(router.apiCalls().toSorted()).toEqual(client.apiCalls().toSorted());
    expect(router.apiCalls()).toHaveLength(inThisMode(21, 40));
  });

  test('an entity and its list are requested at the same time, not one after the other', async () => {
    const latencyMs = 100;
    const { execute, sandbox } = await startInMode(mode, {}, { latencyMs });
    await execute(entities('name albums(first: 5) { nodes { name } }'), { of: [artist(bts)] });

    const [one, two, ...more] = sandbox.calls().filter(({ kind }) => kind === 'api');
    expect([one?.route, two?.route].toSorted()).toEqual(['artists', 'artists/albums']);
    expect(Math.abs((one?.atMs ?? 0) - (two?.atMs ?? latencyMs))).toBeLessThan(latencyMs);
    expect(more).toEqual([]);
  });

  test('an invalid id and an unknown type are errors of their own entities alone', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const { data, errors } = await execute(
      'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }',
      {
        of: [artist('no id'), { __typename: 'Concert', id: bts }, artist(bts)],
      },
    );
    expect(data).toEqual({ _entities: [null, null, { __typename: 'Artist' }] });
    expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
      [['_entities', 0], 'BAD_USER_INPUT'],
      [['_entities', 1], 'BAD_USER_INPUT'],
    ]);
    expect(apiCalls()).toHaveLength(1);
  });
});

test.each([
  ['without a type', { id: bts }],
  ['without a key', { __typename: 'Artist' }],
  ['whose key is null', { __typename: 'Artist', id: null }],
  ['whose key is a number', { __typename: 'Artist', id: 5 }],
  ['that is a string', 'Artist'],
])('a representation %s is an error of its own entity alone', async (_, representation) => {
  const { execute, apiCalls } = await startInMode('extended');
  const ofRepresentations = { of: [representation, artistOf(bts)] };
  for (const document of [
    'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }',
    `{ _entities(representations: [${literal(representation)}, ${literal(artistOf(bts))}]) { __typename } }`,
  ]) {
    const { status, data, errors } = await execute(document, ofRepresentations);
    expect(status).toBe(200);
    expect(data).toEqual({ _entities: [null, { __typename: 'Artist' }] });
    expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
      [['_entities', 0], 'BAD_USER_INPUT'],
    ]);
  }
  expect(apiCalls()).toEqual([`/artists/${bts}`]);
});

test('a representation that is null is rejected before any call', async () => {
  const { execute, apiCalls } = await startInMode('extended');
  const { errors } = await execute(
    'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }',
    {
      of: [artistOf(bts), null],
    },
  );
  expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(['BAD_USER_INPUT']);
  expect(apiCalls()).toEqual([]);
});

/** A value as GraphQL writes it. */
const literal = (value: object | string): string =>
  JSON.stringify(value).replace(/"(\w+)":/g, (_, name) => `${name}: `);

const artistOf = (id: string) => ({ __typename: 'Artist', id });
