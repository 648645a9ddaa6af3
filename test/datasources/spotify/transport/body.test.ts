import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBody, textWithoutMarkets } from '../../../../src/datasources/spotify/transport/body.ts';

/** The result of reading a body equals that of JSON.parse, without market codes. */

const jsonOf = (text: string | Buffer): unknown => readBody(Buffer.from(text))?.json;

const trickyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    'available_markets',
    '"available_markets":["AD"]',
    '\\"available_markets":["AD"]',
    'available_markets\\',
    '\\',
    '\\"',
    '],[',
    '}{',
    '방탄소년단',
  ),
);
const key = fc
  .oneof(fc.constantFrom('id', 'items', 'available_markets'), trickyText)
  .filter((name) => name !== '__proto__');
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, 0, -1.5e-7),
    trickyText,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.constantFrom('AD', 'ES', 'US'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 5 }),
  ),
}));

const isCode = (value: unknown): boolean => typeof value === 'string' && /^[A-Z]{2}$/.test(value);

/** The value with an empty list in the place of each list of market codes. */
function withoutMarkets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarkets);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, entry]) =>
    name === 'available_markets' && Array.isArray(entry) && entry.every(isCode)
      ? [name, []]
      : [name, withoutMarkets(entry)],
  );
  return Object.fromEntries(entries);
}

const codes = '"AD","AE","AG"';

describe('a body', () => {
  test('a body is the result of JSON.parse without the market codes, however it is formatted', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(0, 1, 2, '\t'), (sent, space) => {
        expect(jsonOf(JSON.stringify(sent, null, space) ?? 'null')).toEqual(withoutMarkets(sent));
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    [`{"available_markets":[${codes}]}`, '{"available_markets":[]}'],
    [`{"available_markets"\n :\t[ ${codes} ] }`, '{"available_markets"\n :\t[] }'],
    [`[{"available_markets":[${codes}],"id":1}]`, '[{"available_markets":[],"id":1}]'],
    ['{"available_markets":[]}', '{"available_markets":[]}'],
    [
      '{"available_markets":["x",{"available_markets":["AD"]}]}',
      '{"available_markets":["x",{"available_markets":[]}]}',
    ],
  ])('a body is read without its market codes and with all other values: %s', (sent, kept) => {
    expect(textWithoutMarkets(Buffer.from(sent))).toBe(kept);
  });

  test.each([
    `{"name":"\\"available_markets\\":[${codes}]"}`,
    `{"name":"\\\\","more":"available_markets","list":[${codes}]}`,
    `["available_markets",[${codes}]]`,
    `{"a \\"available_markets":[${codes}]}`,
    `{"available_markets_":[${codes}],"_available_markets":[${codes}],"available-markets":[${codes}]}`,
    '{"available_markets":null,"more":{"available_markets":{"a":["AD"]}}}',
    '{"available_markets":["]","AD"],"more":["\\"]","]"]}',
    '{"available_markets":[["AD"]]}',
    '{"available_markets":["AD",1]}',
    '{"available_markets":["AD","de"]}',
    '{"available_markets":["","A","ABC"]}',
    '{"available_markets":["A\\""]}',
    '{"available_markets":["AD","',
    '{"available_markets":"[",',
    `{"available_markets":[${codes}`,
    '"available_markets"',
    '"available_markets":',
    '"available_markets',
  ])('a body keeps values that only look like market codes: %s', (sent) => {
    expect(textWithoutMarkets(Buffer.from(sent))).toBe(sent);
  });

  test('a body may begin with a byte order mark', () => {
    expect(jsonOf('\ufeff{"a":1}')).toEqual({ a: 1 });
    expect(jsonOf('\ufeff')).toBeUndefined();
    expect(jsonOf('{"a":"\ufeff"}')).toEqual({ a: '\ufeff' });
  });

  test('a truncated body is not JSON, and a damaged one never throws', () => {
    const damage = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 3 }),
      insert: fc.constantFrom('', ',', ']', '{', '"', '\\', '"available_markets":['),
    });
    fc.assert(
      fc.property(json, damage, (sent, { at, remove, insert }) => {
        const text = JSON.stringify({ items: [sent, null], total: 2 });
        const place = at % text.length;
        jsonOf(text.slice(0, place) + insert + text.slice(place + remove));
        expect(jsonOf(text.slice(0, place))).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    '',
    'gateway timeout',
    '<html>"items":[</html>',
    '{"items":[',
    '{"items":[1,2',
    '{"items":[{]}',
  ])('the body %s is not JSON', (text) => {
    expect(jsonOf(text)).toBeUndefined();
  });

  test.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
    ['lists of markets', '{"available_markets":[', ']}'],
  ])('a body is read up to 64 levels deep: %s', (_, open, close) => {
    const levels = 64 / (open.length - open.replaceAll(/[[{]/g, '').length);
    const nested = (times: number) =>
      `${open.repeat(times)}${open.endsWith(':') ? 1 : ''}${close.repeat(times)}`;
    expect(jsonOf(nested(levels))).toBeDefined();
    expect(jsonOf(nested(levels + 1))).toBeUndefined();
  });

  test('a body may have any number of brackets in its texts, and any number of lists beside each other', () => {
    const wide = { name: '['.repeat(10_000), lists: Array(10_000).fill([]) };
    expect(jsonOf(JSON.stringify(wide))).toEqual(wide);
  });

  test.each([
    ['market codes', (times: number) => `[${'{"available_markets":["AD","AE"]},'.repeat(times)}1]`],
    ['market codes without an end', (times: number) => '{"available_markets":["AD",'.repeat(times)],
    ['lists without an end', (times: number) => '['.repeat(times)],
    ['keys of markets without values', (times: number) => '"available_markets"'.repeat(times)],
    [
      'keys of markets and blanks',
      (times: number) => `${'"available_markets" '.repeat(times)}${' '.repeat(times)}`,
    ],
    ['texts without an end', (times: number) => `{"available_markets":["${'\\"]'.repeat(times)}`],
  ])('a body of %s is read in a time that grows in proportion to its length', (_, make) => {
    const cpuMs = (body: Buffer): number => {
      const before = process.cpuUsage();
      readBody(body);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    };
    const [short, long] = [Buffer.from(make(20_000)), Buffer.from(make(320_000))];
    cpuMs(short);
    const shortMs = Math.min(...Array.from({ length: 5 }, () => cpuMs(short)));
    const longMs = Math.min(...Array.from({ length: 6 }, () => cpuMs(long)));
    // Sixteen times as long: a quadratic reader takes 256 times as long. The garbage collector adds some.
    expect(longMs).toBeLessThan(80 * Math.max(shortMs, 0.5));
  });

  test.each(['"AD",', ',', ' ', '"AD" ,  '])(
    'a body of 13 MB, the largest, is rejected without an exception if a list of market codes continues with %j to its end',
    (part) => {
      expect(jsonOf(`{"available_markets":["AD",${part.repeat(13_000_000 / part.length)}`)).toBeUndefined();
    },
  );

  test('the size of a body does not include its market codes', () => {
    const album = { id: 'a', available_markets: Array(180).fill('AD') };
    const page = JSON.stringify({ items: Array(50).fill(album) });
    expect(page.length).toBeGreaterThan(45_000);
    expect(readBody(Buffer.from(page))?.bytes).toBeLessThan(3_000);
    expect(readBody(Buffer.from(JSON.stringify(album)))?.bytes).toBeLessThan(50);
  });
});
