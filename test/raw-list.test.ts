import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Body, readBody } from '../src/datasources/spotify/body.ts';
import { isRawList, type RawList } from '../src/datasources/spotify/raw-list.ts';
import { stampOf } from '../src/stamp.ts';

/** Bodies are parsed no further than is needed: what is read of them in the end is what JSON.parse would give. */

const bodyOf = (text: string): Partial<Body> => readBody(Buffer.from(text)) ?? {};

const listOf = (text: string): RawList => (bodyOf(text).json as { items: RawList }).items;

const elementsOf = (list: RawList): unknown[] => Array.from({ length: list.length }, (_, i) => list.parse(i));

/** With every raw list parsed. */
function whole(json: unknown): unknown {
  if (isRawList(json)) return elementsOf(json);
  if (Array.isArray(json)) return json.map(whole);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, whole(value)]));
}

const trickyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '"items"',
    '"items":[',
    '\\',
    '\\"',
    '],[',
    '}{',
    '"id":"x"',
    'a "items',
    'available_markets',
    '방탄소년단',
  ),
);
const key = fc
  .oneof(fc.constantFrom('id', 'name', 'total', 'tracks', 'items', 'available_markets'), trickyText)
  .filter((name) => name !== '__proto__');
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, 0, -1.5e-7),
    trickyText,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 5 }),
  ),
}));
const market = fc.constantFrom('AD', 'ES', 'US');

/** What nothing serves, taken out as the reading does it. */
function withoutMarkets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarkets);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) =>
    name === 'available_markets' && Array.isArray(each) ? [name, []] : [name, withoutMarkets(each)],
  );
  return Object.fromEntries(entries);
}

/** Lists of market codes hold codes and nothing else. */
function withCodes(value: unknown, codes: string[]): unknown {
  if (Array.isArray(value)) return value.map((each) => withCodes(each, codes));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) =>
    name === 'available_markets' && Array.isArray(each) ? [name, codes] : [name, withCodes(each, codes)],
  );
  return Object.fromEntries(entries);
}

describe('a body', () => {
  test('comes out as it went in, however it is written, but for the market codes', () => {
    fc.assert(
      fc.property(json, fc.array(market), fc.constantFrom(0, 1, 2, '\t'), (anything, codes, space) => {
        const sent = withCodes({ items: [anything], more: anything }, codes);
        expect(whole(bodyOf(JSON.stringify(sent, null, space)).json)).toEqual(withoutMarkets(sent));
      }),
      { numRuns: 500 },
    );
  });

  test('that is cut off or damaged is no JSON, or is one all the same; reading it always ends', () => {
    const damage = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 3 }),
      insert: fc.constantFrom('', ',', ']', '{', '"', '\\'),
    });
    fc.assert(
      fc.property(json, damage, (anything, { at, remove, insert }) => {
        const text = JSON.stringify({ items: [anything, null], total: 2 });
        const place = at % text.length;
        const { json: read } = bodyOf(text.slice(0, place) + insert + text.slice(place + remove));
        const cut = bodyOf(text.slice(0, place)).json;
        expect(cut).toBeUndefined();
        expect(read === undefined || typeof read === 'object').toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    '',
    'gateway timeout',
    '<html>"items":[</html>',
    '{"items":[',
    '{"items":[1,2',
    '{"items":[{]}',
  ])('(%s) is no JSON', (text) => {
    expect(bodyOf(text).json).toBeUndefined();
  });

  test('that opens list after list and ends none is given up at the first', () => {
    const startedMs = performance.now();
    expect(bodyOf('{"items":['.repeat(200_000)).json).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(1_000); // it was minutes
  });

  test.each([
    '{"\\u0069tems":[5]}',
    '{"\\u0069tems":[0],"b":{"items":[1]}}',
    '{"a":[0],"b":{"\\u0069tems":["length"],"items":[1]}}',
  ])('(%s) never has a list in the place of another', (text) => {
    const { json } = bodyOf(text);
    expect(json === undefined || JSON.stringify(whole(json)) === JSON.stringify(JSON.parse(text))).toBe(true);
  });

  test('that is nested too deep to look through is no JSON', () => {
    const deep = 100_000;
    expect(bodyOf(`{"items":[],"more":${'['.repeat(deep)}${']'.repeat(deep)}}`).json).toBeUndefined();
  });

  test('weighs what is kept of it', () => {
    const album = { id: 'a', available_markets: Array(180).fill('AD') };
    const page = JSON.stringify({ items: Array(50).fill(album) });
    expect(page.length).toBeGreaterThan(45_000);
    expect(bodyOf(page).bytes).toBeLessThan(10_000);
    expect(bodyOf(JSON.stringify(album)).bytes).toBeLessThan(50);
  });
});

describe('a list', () => {
  test('tells the id of each element without parsing it', () => {
    const [a, c] = ['4Z8W4fKeB5YxbusRsdQVPb', '3Nrfpe0tUJi4K4DXYWgMUX'];
    const list = listOf(
      `{"items":[{"artists":[{"id":"b"}],"id":"${a}"}, null ,{"name":"id"},{"id":"7"}, {"id" : "${c}"}]}`,
    );
    expect(Array.from({ length: 5 }, (_, i) => list.idAt(i))).toEqual([a, null, null, null, c]);
    expect(Array.from({ length: 5 }, (_, i) => list.isNull(i))).toEqual([false, true, false, false, false]);
  });

  test('tells in which element an id stands, at any depth', () => {
    const list = listOf(
      '{"items":[{"artists":[{"id":"b"}],"id":"a"},{"album":{"id":"c","artists":[{"id":"b"}]}}]}',
    );
    const found = list.stamps.map((stamp, i) => [stamp, list.owners[i]]);
    expect(found).toEqual([
      [stampOf('b'), 0],
      [stampOf('a'), 0],
      [stampOf('c'), 1],
      [stampOf('b'), 1],
    ]);
  });

  test('one of whose elements is damaged fails there alone', () => {
    const list = listOf('{"items":[{"name":"one"},{"name":tw0},{"name":"three"}]}');
    expect(list.length).toBe(3);
    expect(list.parse(0)).toEqual({ name: 'one' });
    expect(() => list.parse(1)).toThrow(SyntaxError);
    expect(list.parse(2)).toEqual({ name: 'three' });
  });

  test('inside an element is an array like any other', () => {
    expect(listOf('{"items":[{"tracks":{"items":[1,2]}}]}').parse(0)).toEqual({ tracks: { items: [1, 2] } });
  });
});
