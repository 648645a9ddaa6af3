import { describe, expect, test } from 'vitest';
import { repeated } from '../support/abuse.ts';
import { clientTransports, type Received, type Sent } from '../support/client-transports.ts';
import { artists, startInMode } from '../support/schema-tests.ts';
import { startUpstream } from '../support/upstream.ts';

/** The number of errors is bounded, and an error costs the same at every position of a document. */

const { bts } = artists;
const lineEnds = { '\\n': '\n', '\\r\\n': '\r\n', '\\r': '\r' };

describe.each(Object.entries(lineEnds))('with line ends %s', (_, end) => {
  const afterLines = (lines: number, text: string) => end.repeat(lines) + text;

  /** Documents with one error, after empty lines. */
  const documentsWithError: [title: string, sent: (lines: number) => Sent, column: number][] = [
    ['syntax', (lines) => ({ query: afterLines(lines, '  { artist(id: "x" }') }), 20],
    ['validation', (lines) => ({ query: afterLines(lines, `  { nothing }`) }), 5],
    [
      'variables',
      (lines) => ({
        query: afterLines(lines, '  query ($ids: [ID!]!) { artists(ids: $ids) { id } }'),
        variables: { ids: [null] },
      }),
      10,
    ],
    ['execution', (lines) => ({ query: afterLines(lines, '  { artist(id: "no id") { id } }') }), 5],
    [
      'execution in a list',
      (lines) => ({ query: afterLines(lines, `  { artists(ids: ["${bts}", "no id"]) { id } }`) }),
      5,
    ],
    [
      'execution in a fragment',
      (lines) => ({
        query: afterLines(lines, `{ ...F } fragment F on Query { artist(id: "no id") { id } }`),
      }),
      32,
    ],
  ];

  const overHttp = ['POST', 'GET', 'a trusted document'] as const;

  test.each(
    documentsWithError.flatMap(([title, sent, column]) =>
      overHttp.map((transport) => ({ title, transport, sent, column })),
    ),
  )(
    'the position of an error is right at each run: $title, by $transport',
    async ({ transport, sent, column }) => {
      const sandbox = await startUpstream({ quotaMode: 'development' });
      const send = clientTransports[transport]?.(sandbox, sent(17));
      for (let run = 1; run <= 3; run++) {
        const received = await send?.();
        expect(received?.errors).toHaveLength(1);
        expect(received?.errors[0]?.locations).toEqual([{ line: 18, column }]);
      }
    },
  );

  const manyErrors: [title: string, sent: (lines: number) => Sent][] = [
    [
      'invalid ids under aliases',
      (lines) => ({
        query: afterLines(lines, `query ($i: [ID!]!) { ${repeated('a#: nodes(ids: $i) { id }', 15)} }`),
        variables: { i: Array(100).fill('no id') },
      }),
    ],
    [
      'unknown representations',
      (lines) => ({
        query: afterLines(lines, 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }'),
        variables: { r: Array(1_000).fill({ __typename: 'X', id: '1' }) },
      }),
    ],
    [
      'nulls in a variable',
      (lines) => ({
        query: afterLines(lines, 'query ($i: [ID!]!) { artists(ids: $i) { id } }'),
        variables: { i: Array(7_000).fill(null) },
      }),
    ],
    ['unknown fields', (lines) => ({ query: afterLines(lines, `{ ${repeated('x#', 300)} }`) })],
  ];

  test.each(manyErrors)(
    'errors after thousands of lines take no longer than errors at the start: %s',
    async (_title, sent) => {
      const sandbox = await startUpstream({ quotaMode: 'extended' });
      const timed = async (lines: number) => {
        const times: number[] = [];
        for (let run = 1; run <= 3; run++) {
          // Each run sends a new document.
          const send = clientTransports['POST']?.(sandbox, sent(lines + run));
          const start = process.cpuUsage();
          const received = (await send?.()) as Received;
          const { user, system } = process.cpuUsage(start);
          times.push(user + system);
          expect(received.errors.length).toBeLessThanOrEqual(11);
          expect(received.text.length).toBeLessThan(50_000);
          expect(received.errors[0]?.locations?.[0]?.line).toBe(lines + run + 1);
        }
        return Math.min(...times) / 1000;
      };
      const nearMs = await timed(0);
      const farMs = await timed(12_000);
      expect(farMs).toBeLessThan(3 * nearMs + 100); // a scan of the lines for each error would take seconds
    },
  );
});

describe('errors of one code and one field', () => {
  const ids = (count: number) => JSON.stringify(Array.from({ length: count }, (_, n) => `no id ${n}`));
  const message = 'Not a Spotify id: give its 22 characters, a spotify: URI or an open.spotify.com link.';

  test.each(Object.keys(clientTransports))(
    'ten errors of one code and one field are sent, and the last one counts the rest: %s',
    async (transport) => {
      const sandbox = await startUpstream({ quotaMode: 'development' });
      const send = clientTransports[transport]?.(sandbox, { query: `{ artists(ids: ${ids(50)}) { name } }` });
      for (let run = 1; run <= 3; run++) {
        const received = await send?.();
        expect(received?.data).toEqual({ artists: Array(50).fill(null) });
        expect(received?.errors.map(({ path }) => path)).toEqual(
          Array.from({ length: 10 }, (_, n) => ['artists', n]),
        );
        expect(received?.errors.slice(0, 9).map((error) => [error.message, error.extensions])).toEqual(
          Array(9).fill([message, { code: 'BAD_USER_INPUT' }]),
        );
        expect(received?.errors[9]).toMatchObject({
          message: `${message} (And 40 more of this kind.)`,
          extensions: { code: 'BAD_USER_INPUT', omitted: 40 },
        });
      }
    },
  );

  test('ten errors of one code and one field are all sent', async () => {
    const { execute } = await startInMode('development');
    const { errors } = await execute(`{ artists(ids: ${ids(10)}) { name } }`);
    expect(errors).toHaveLength(10);
    for (const { extensions } of errors) expect(extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });

  test('a field under many aliases counts as one field, and another field or another code has ten errors of its own', async () => {
    const { execute } = await startInMode('development');
    const { errors } = await execute(
      `{ ${repeated('a#: artist(id: "no id") { name }', 15)} ${repeated('b#: track(id: "no id") { name }', 12)} }`,
    );
    const kinds = errors.map(({ path, extensions }) => [
      String(path?.[0]).slice(0, 1),
      extensions?.['omitted'],
    ]);
    expect(kinds.filter(([kind]) => kind === 'a')).toEqual([...Array(9).fill(['a', undefined]), ['a', 5]]);
    expect(kinds.filter(([kind]) => kind === 'b')).toEqual([...Array(9).fill(['b', undefined]), ['b', 2]]);
  });

  test('ten errors of variables are sent, and one that states that there are more', async () => {
    const { execute } = await startInMode('development');
    const i = Array(7_000).fill(null);
    const { status, errors } = await execute('query ($i: [ID!]!) { artists(ids: $i) { id } }', { i });
    expect(status).toBe(400);
    expect(errors).toHaveLength(11);
    expect(errors[10]?.message).toContain('Too many errors');
    for (const { extensions } of errors) expect(extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });

  test('the message of an error is short, even if the error is about a long name', async () => {
    const { execute } = await startInMode('development');
    const { errors } = await execute(`{ ${'x'.repeat(90_000)} }`);
    expect(errors[0]?.message.length).toBeLessThan(600);
    const name = 'v'.repeat(80_000);
    const variable = await execute(`query ($${name}: ID!) { artist(id: $${name}) { id } }`, {});
    expect(variable.errors[0]?.message.length).toBeLessThan(600);
  });
});
