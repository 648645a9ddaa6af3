import { type OperationDefinitionNode, parse } from 'graphql';
import { expect, test } from 'vitest';
import { QueryTooComplex } from '../../../src/errors.ts';
import { createOperation } from '../../../src/operation/operation.ts';
import { schema } from '../../../src/schema/index.ts';
import type { PlanOptions } from '../../../src/schema/planning/plan.ts';
import { createSelectionTree } from '../../../src/schema/planning/selection-tree.ts';
import { repeated } from '../../support/abuse.ts';

/** The time to create the selection tree of an operation is bounded by its document. */

const app = {
  has: () => false,
  isTriedAgain: () => false,
  worstCasePage: () => ({ limit: 10, probeCalls: 0 }),
};
const options = { spotify: { app, isObjectCached: () => false }, maxCalls: 100 } as unknown as PlanOptions;

function selectionTree(text: string) {
  const document = parse(text);
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === 'FragmentDefinition' ? [[node.name.value, node] as const] : [],
    ),
  );
  const [definition] = document.definitions;
  if (definition?.kind !== 'OperationDefinition') throw new Error('the operation comes first');
  return createSelectionTree({ schema, definition, fragments }, {});
}

/** Fragments in fragments: each level has seven times the fields of the one below. */
const multiplied = (levels: number) =>
  `{ artist(id: "x") { ...F0 } } ${Array.from(
    { length: levels },
    (_, n) => `fragment F${n} on Artist { ${repeated(`a#: relatedArtists { ...F${n + 1} }`, 7)} }`,
  ).join(' ')} fragment F${levels} on Artist { id }`;

test('fields with the same selection at many paths share one level of the tree', () => {
  const { root, size } = selectionTree(multiplied(12));
  expect(size).toBeGreaterThan(7 ** 12);
  const levels = new Set<unknown>();
  const visit = (level: typeof root): void => {
    if (levels.has(level)) return;
    levels.add(level);
    for (const { below } of level.fields) below.forEach(visit);
  };
  visit(root);
  expect(levels.size).toBeLessThan(100); // one for the root, and one for each selection of each level
});

test('the fields of several fragments at one path are merged, separately for each path', () => {
  const { root } = selectionTree(`{
    a: artist(id: "x") { ...F albums { totalCount } } b: artist(id: "x") { ...F }
  } fragment F on Artist { albums { nodes { id } } }`);
  const albumsOf = (alias: string) =>
    root.byResponseName.get(alias)?.below[0]?.byResponseName.get('albums')?.selectedNames;
  expect(albumsOf('a')).toEqual(new Set(['nodes', 'totalCount']));
  expect(albumsOf('b')).toEqual(new Set(['nodes']));
});

/** Selections that differ at each path, because the fields of different fragments are merged there. */
function mergedDifferently(): string {
  const width = 9;
  const levels = 4;
  const spreads = (level: number, mask: number) =>
    Array.from({ length: width }, (_, i) => ((mask >> i) & 1 ? `...F${level}x${i}` : '')).join(' ');
  const fragments = Array.from({ length: levels * width }, (_, n) => {
    const [level, i] = [Math.floor(n / width), n % width];
    const fields = Array.from({ length: 10 }, (__, k) => {
      const below = level + 1 < levels ? spreads(level + 1, (i * 37 + k * 91 + level * 13) % 2 ** width) : '';
      return `a${(i * 3 + k) % 40}: artists { albums { nodes { __typename ${below} } } }`;
    });
    return `fragment F${level}x${i} on Album { ${fields.join(' ')} }`;
  });
  return `{ album(id: "x") { ${spreads(0, 2 ** width - 1)} } } ${fragments.join(' ')}`;
}

test('fragments that are merged differently at each path are rejected, and the rejection is cached', () => {
  const document = parse(mergedDifferently());
  const definition = document.definitions[0] as OperationDefinitionNode;
  const operation = createOperation({ schema, document, definition, suggestions: false });
  const rejections = [1, 2].map(() => {
    try {
      return operation.plan({}, options);
    } catch (error) {
      return error;
    }
  });
  expect(rejections[0]).toBeInstanceOf(QueryTooComplex);
  expect(rejections[1]).toBe(rejections[0]);
});

test('the field of an error is found by its path, in objects of every type', () => {
  const { fieldAt } = selectionTree(
    '{ n: nodes(ids: ["x"]) { id ... on Album { t: tracks { nodes { name } } } ... on Artist { a: albums { totalCount } } } }',
  );
  expect(fieldAt(['n', 3])).toBe('Query.nodes');
  expect(fieldAt(['n', 3, 't'])).toBe('Album.tracks');
  expect(fieldAt(['n', 0, 't', 'nodes', 7, 'name'])).toBe('Track.name');
  expect(fieldAt(['n', 0, 'a', 'totalCount'])).toBe('ArtistAlbumsConnection.totalCount');
  expect(fieldAt([])).toBe('');
});
