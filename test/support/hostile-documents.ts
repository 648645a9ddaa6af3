import * as fc from 'fast-check';
import { artistId, documentOf, ids, inheritedNames, type Level } from './hostile-operation.ts';

/**
 * The most expensive requests that a hostile client can send within the limit of a body: fragments in fragments under
 * aliases, long lists, large variables, long documents, names that every object inherits, and mistakes of every sort.
 */

export interface HostileRequest {
  /** The body of a POST. */
  body: string;
  /** The query string, where it is a GET. */
  get: string | null;
  /** Describes the request in the report of a failure. */
  title(): string;
}

const maxBodyBytes = 99_000;
const level: fc.Arbitrary<Level> = fc.record({
  field: fc.nat(100),
  aliases: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 2 }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 8 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 99 }) },
  ),
  fragments: fc.integer({ min: 1, max: 5 }),
  spread: fc.integer({ min: 1, max: 5 }),
  args: fc.nat(1_000),
  leaves: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 80 })),
  leaf: fc.nat(1_000),
  directive: fc.nat(60),
});

const text = fc.record({
  end: fc.constantFrom('\n', '\r\n', '\r'),
  emptyLines: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 45_000 })),
  comments: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 500 })),
  separator: fc.constantFrom(' ', ' ', ' ', '\n', ',', ' ,\n', '\t', '\r\n'),
  /** A mistake in the text: the characters that are inserted and cut, and their place. */
  mistake: fc.oneof(
    { weight: 6, arbitrary: fc.constant(null) },
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      insert: fc.constantFrom(
        '',
        '{',
        '}',
        '(',
        '"',
        '"""',
        '...',
        '@',
        '$',
        '#',
        '\u0000',
        '\ud800',
        '￿',
        'é',
        '!',
        '[',
        '&',
        '9'.repeat(400),
        '-0',
        'on',
        '{'.repeat(1_500),
        '[['.repeat(700),
        'x'.repeat(20_000),
      ),
      cut: fc.constantFrom(0, 0, 1, 10, 100_000),
    }),
  ),
});

const variables = fc.record({
  count: fc.oneof(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 0, max: 7_000 })),
  kind: fc.constantFrom(
    'ids',
    'nulls',
    'numbers',
    'representations',
    'deep',
    'inherited',
    'mixed',
    'no list',
  ),
  id: fc.nat(ids.length - 1),
  name: fc.constantFrom('v', 'v', 'v', ...inheritedNames),
});

export const hostileRequests: fc.Arbitrary<HostileRequest> = fc
  .record({
    levels: fc.oneof(
      { weight: 4, arbitrary: fc.array(level, { minLength: 1, maxLength: 4 }) },
      { weight: 1, arbitrary: fc.array(level, { minLength: 1, maxLength: 13 }) },
    ),
    text,
    variables,
    get: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  })
  .map((shape) => toRequest(shape));

type Shape = {
  levels: Level[];
  text: typeof text extends fc.Arbitrary<infer T> ? T : never;
  variables: typeof variables extends fc.Arbitrary<infer T> ? T : never;
  get: boolean;
};

function toRequest({ levels, text: style, variables: variable, get }: Shape): HostileRequest {
  const query = withMistake(documentOf(levels, variable.name), style).replaceAll(' ', style.separator);
  const values = `{${JSON.stringify(variable.name)}:${variableJson(variable)}}`;
  const bodyOf = (padding: string) => `{"query":${JSON.stringify(padding + query)},"variables":${values}}`;
  const padding =
    style.end.repeat(style.emptyLines) + `# ${'c'.repeat(20)}${style.end}`.repeat(style.comments);
  const room = maxBodyBytes - bodyOf('').length;
  // JSON writes a line end as two characters.
  const body = bodyOf(padding.slice(0, Math.max(0, Math.floor(room / 2))));
  const search = get ? new URLSearchParams({ query, variables: values }).toString() : '';
  const isGet = get && search.length < 7_000; // Node rejects longer headers
  return {
    body: isGet ? '' : body.slice(0, 200_000),
    get: isGet ? search : null,
    title: () => `${JSON.stringify(style)} ${JSON.stringify(variable)}\n${query.slice(0, 3_000)}`,
  };
}

function withMistake(document: string, { mistake }: Shape['text']): string {
  if (!mistake) return document;
  const at = Math.floor(mistake.at * document.length);
  return document.slice(0, at) + mistake.insert + document.slice(at + mistake.cut);
}

/** The value of the variable as JSON, which may be nested too deeply for JSON.stringify. */
function variableJson({ count, kind, id }: Shape['variables']): string {
  const list = (item: string) => {
    const items = Math.min(count - 1, Math.floor(60_000 / (item.length + 1)));
    return `[${Array(Math.max(0, items)).fill(item).join(',')}]`;
  };
  switch (kind) {
    case 'ids':
      return list(JSON.stringify(ids[id]));
    case 'nulls':
      return list('null');
    case 'numbers':
      return list('1e300');
    case 'representations':
      return `[${Array(Math.min(count, 1_500)).fill('{"__typename":"Artist","id":"x"}').join(',')}]`;
    case 'deep':
      return '['.repeat(count) + ']'.repeat(count);
    case 'inherited':
      return `[{"__proto__":{"id":"x"},"constructor":1,"__typename":"toString","id":"valueOf"}]`;
    case 'mixed':
      return `[null,1,true,"x",{},[],{"__typename":1},"${artistId}"]`;
    default:
      return JSON.stringify(ids[id]);
  }
}
