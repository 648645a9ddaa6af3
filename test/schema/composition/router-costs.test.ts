import { readFileSync } from 'node:fs';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { expect, test } from 'vitest';

/** The demand control of a federation router reads the costs of fields from the schema. */

const published = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const subgraph = published('subgraph.graphql');

/** The cost directives of a field, as text of the SDL. */
function costsIn(sdl: string, type: string, field: string): string {
  const definition = parse(sdl).definitions.find(
    (node) => node.kind === 'ObjectTypeDefinition' && node.name.value === type,
  );
  const fields = definition?.kind === 'ObjectTypeDefinition' ? (definition.fields ?? []) : [];
  const directives = fields.find(({ name }) => name.value === field)?.directives ?? [];
  return directives
    .filter(({ name }) => name.value === 'cost' || name.value === 'listSize')
    .map(({ loc }) => loc?.source.body.slice(loc.start, loc.end))
    .join(' ');
}

const page =
  '@listSize(assumedSize: 20, slicingArguments: ["first", "last"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)';

test.each([
  // 100 slots after a cursor touch 11 pages of 10, and the list may have grown by one more.
  ['Artist', 'albums', `@cost(weight: 12) ${page}`],
  // An album in another market is one call, and its list has pages of 50.
  ['Album', 'tracks', `@cost(weight: 4) ${page}`],
  ['Album', 'label', '@cost(weight: 1)'],
  ['Album', 'name', ''],
  ['Album', 'artists', '@listSize(assumedSize: 5)'],
  ['Artist', 'topTracks', '@cost(weight: 1) @listSize(assumedSize: 10)'],
  ['Query', 'artist', '@cost(weight: 1)'],
  ['Query', 'albums', '@cost(weight: 100) @listSize(assumedSize: 100)'],
  ['Query', 'node', '@cost(weight: 3)'],
  ['Query', 'nodes', '@cost(weight: 300) @listSize(assumedSize: 100)'],
  ['Query', 'trackByIsrc', '@cost(weight: 1)'],
  ['Query', 'quota', '@listSize(assumedSize: 20)'],
])(
  'a router reads the maximum Spotify calls of %s.%s, and the lengths of its lists',
  (type, field, costs) => {
    expect(costsIn(subgraph, type, field)).toBe(costs);
  },
);

test('the supergraph contains the costs, and its objects themselves cost nothing', () => {
  const { errors, supergraphSdl = '' } = composeServices([
    { name: 'spotify', url: 'http://spotify.invalid/graphql', typeDefs: parse(subgraph) },
  ]);
  expect(errors).toBeUndefined();
  expect(supergraphSdl).toContain('@link(url: "https://specs.apollo.dev/cost/v0.1"');
  const costs = costsIn(supergraphSdl, 'Artist', 'albums');
  expect(costs).toMatch(/^@cost\(weight: 12\) @listSize\(\s*requireOneSlicingArgument: false/);
  for (const argument of [
    'assumedSize: 20',
    'slicingArguments: ["first", "last"]',
    'sizedFields: ["edges", "nodes"]',
  ])
    expect(costs).toContain(argument);
  expect(supergraphSdl).toMatch(/^type Artist .*@cost\(weight: 0\)/m);
});

test('the schema for clients and stitching parents has no costs', () => {
  expect(published('schema.graphql')).not.toMatch(/@cost|@listSize/);
});
