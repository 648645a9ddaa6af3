import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { repeated } from '../support/abuse.ts';
import { expectBounded } from '../support/bounded.ts';
import { startGateway } from '../support/gateway.ts';
import { albumCursors } from '../support/hostile-operation.ts';
import {
  exchange,
  inProduction,
  keptConnection,
  type Reply,
  type Server,
  startServer,
  until,
  upstreamOf,
} from '../support/process.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { corruptEntries, garbage } from '../support/redis-garbage.ts';
import { artists, catalogue } from '../support/schema-tests.ts';

/**
 * No single request ends a process: each gets a response or is rejected within a second, `/health` responds within 200 ms
 * beside it, and the process stays below 300 MB, by POST, by GET and as a trusted document.
 */

interface Row {
  title: string;
  query: string;
  variables?: object;
  operationName?: string;
  /** Codes that the response may have; default: any of the contract. */
  codes?: readonly string[];
}

const { bts } = artists;
const tooComplex = ['QUERY_TOO_COMPLEX'];
const times = (field: string, count: number) => repeated(`a#: ${field}`, count);
const lines = (end: string, count: number, query: string) => end.repeat(count) + query;
const lineEnds: [name: string, end: string][] = [
  ['\\n', '\n'],
  ['\\r\\n', '\r\n'],
  ['\\r', '\r'],
];
const unknownRepresentations = (count: number) => Array(count).fill({ __typename: 'X', id: '1' });
const searchOf = (selection: string, fragments: string) =>
  `{ search(q: "the") { tracks(first: 100) { nodes { ${selection} } } } } ${fragments}`;
/** Fragments of which each spreads the next one several times. */
const multiplied = (type: string, leaf: string, spreads = 10, levels = 8) =>
  Array.from({ length: levels }, (_, level) => {
    const inner = level === levels - 1 ? leaf : times('', 0) + `...F${level + 1} `.repeat(spreads);
    return `fragment F${level} on ${type} { ${inner} }`;
  }).join(' ');
const forgedCursor = (slot: number) => albumCursors.encode({ slot, total: slot + 100, id: null });

const rows: readonly Row[] = [
  {
    title: 'unknown representations under 100 aliases',
    query: `query ($r: [_Any!]!) { ${times('_entities(representations: $r) { __typename }', 100)} }`,
    variables: { r: unknownRepresentations(2_000) },
    codes: tooComplex,
  },
  {
    title: 'images multiplied by fragments',
    query: searchOf('album { ...F0 }', multiplied('Album', times('images { url }', 20))),
  },
  {
    title: '__typename under 98 aliases in a search',
    query: searchOf('...F', `fragment F on Track { artists { ${times('__typename', 90)} } }`),
  },
  {
    title: 'introspection under 15 aliases',
    query: `{ ${times('__schema { types { name fields { name type { name } args { name } } } }', 15)} }`,
  },
  {
    title: 'the schema as text 2,400 times',
    query: `{ ${times('_service { ...S }', 50)} } fragment S on _Service { ${times('sdl', 48)} }`,
    codes: tooComplex,
  },
  ...lineEnds.flatMap(([name, end]): Row[] => [
    {
      title: `invalid ids in a variable behind 45,000 lines (${name})`,
      query: lines(
        end,
        45_000 / end.length / 2,
        `query ($i: [ID!]!) { ${times('nodes(ids: $i) { id }', 90)} }`,
      ),
      variables: { i: Array(100).fill('no id') },
    },
    {
      title: `7,000 nulls in a variable behind 15,000 lines (${name})`,
      query: lines(end, 15_000, 'query ($i: [ID!]!) { artists(ids: $i) { id } }'),
      variables: { i: Array(7_000).fill(null) },
      codes: ['BAD_USER_INPUT'],
    },
  ]),
  {
    title: 'invalid ids in inline lists',
    query: `{ ${times(`nodes(ids: ${JSON.stringify(Array(14).fill('x'))}) { id }`, 90)} }`,
  },
  {
    title: 'thousands of unknown fields',
    query: `{ ${repeated('x#', 1_900)} }`,
    codes: ['GRAPHQL_VALIDATION_FAILED'],
  },
  {
    title: 'a document of 10,000 fields',
    query: `{ ${'a '.repeat(10_000)} }`,
    codes: ['QUERY_TOO_COMPLEX', 'GRAPHQL_PARSE_FAILED'],
  },
  {
    title: 'a plan of 2,800 calls',
    query: `{ ${times(`artist(id: "${bts}") { albums(first: 100) { nodes { tracks { nodes { id } } } } }`, 14)} }`,
    codes: tooComplex,
  },
  {
    title: 'an operation with a name of 60 KB',
    query: `query ${'n'.repeat(60_000)} { __typename }`,
    operationName: 'n'.repeat(30_000),
  },
  {
    title: 'names of Object.prototype',
    query:
      'query ($__proto__: ID!, $toString: ID!) { __proto__: artist(id: $__proto__) { id } b: node(id: $toString) { id } }',
    variables: JSON.parse('{"__proto__":"x","toString":"y"}'),
    codes: ['BAD_USER_INPUT'],
  },
  {
    title: 'forged cursors under 40 aliases',
    query: `{ ${times(`artist(id: "${bts}") { albums(first: 1, after: "${forgedCursor(1e9)}") { nodes { id } } }`, 40)} }`,
    codes: ['BAD_USER_INPUT', 'QUERY_TOO_COMPLEX'],
  },
  {
    title: 'brackets in a variable',
    query: 'query ($i: [ID!]!) { artists(ids: $i) { id } }',
    variables: JSON.parse(`{"i":${'['.repeat(3_000)}${']'.repeat(3_000)}}`),
    codes: ['BAD_USER_INPUT', 'BAD_REQUEST'],
  },
];

let sandbox: Sandbox;
let open: Server;
let trusted: Server;
const ends: (() => unknown)[] = [];
const atEnd = (end: () => unknown) => ends.push(end);

beforeAll(async () => {
  sandbox = await startSandbox({ catalogue });
  for (const kind of ['artist', 'album', 'track'] as const) catalogue.find(kind, 'the'); // generates the index
  const folder = mkdtempSync(join(tmpdir(), 'manifest-'));
  const manifest = join(folder, 'manifest.json');
  writeFileSync(
    manifest,
    JSON.stringify(Object.fromEntries(rows.map(({ query }, n) => [`row-${n}`, query]))),
  );
  const environment = { ...inProduction, ...upstreamOf(sandbox), INTROSPECTION: 'true' };
  open = await startServer(environment, undefined, atEnd);
  trusted = await startServer({ ...environment, TRUSTED_DOCUMENTS: manifest }, undefined, atEnd);
  ends.push(sandbox.close, () => rmSync(folder, { recursive: true }));
}, 120_000);
afterAll(async () => {
  for (const end of ends) await end();
});

const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
// Each request has an address of its own, because the gateway charges an address with the time of its invalid requests.
let addresses = 0;
const nextAddress = () => `127.0.1.${++addresses}`;
const post = (server: Server, body: object) =>
  server.get('/graphql', {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    localAddress: nextAddress(),
  });
const get = (server: Server, parameters: Record<string, string>) =>
  server.get(`/graphql?${new URLSearchParams(parameters)}`, { headers, localAddress: nextAddress() });

const entries: Record<string, (row: Row, n: number) => Promise<Reply>> = {
  POST: ({ query, variables, operationName }) => post(open, { query, variables, operationName }),
  // Production serves trusted documents only by GET.
  GET: ({ query, variables = {} }) => get(open, { query, variables: JSON.stringify(variables) }),
  'a trusted document by POST': ({ variables }, n) => post(trusted, { documentId: `row-${n}`, variables }),
  'a trusted document by GET': ({ variables = {} }, n) =>
    get(trusted, { documentId: `row-${n}`, variables: JSON.stringify(variables) }),
};

// Node rejects longer targets by itself.
const maxTargetLength = 12_000;
const fits = ({ query, variables = {} }: Row, entry: string) =>
  !entry.includes('GET') ||
  encodeURIComponent((entry === 'GET' ? query : '') + JSON.stringify(variables)).length < maxTargetLength;

const codesIn = ({ json }: Reply): unknown[] => {
  const { errors = [] } = (json ?? {}) as { errors?: { extensions?: { code?: string } }[] };
  return [...new Set(errors.map(({ extensions }) => extensions?.code))];
};

test.each(
  rows.flatMap((row, n) =>
    Object.keys(entries)
      .filter((entry) => fits(row, entry))
      .map((entry) => [row.title, entry, row, n] as const),
  ),
)('%s: one request gets a response or is rejected within its bounds, by %s', async (_, entry, row, n) => {
  const reply = await expectBounded(
    entry.startsWith('a trusted') ? trusted : open,
    async () => entries[entry]?.(row, n) as Promise<Reply>,
  );
  expect([200, 400, 413, 414, 431]).toContain(reply.status);
  expect(reply.text.length).toBeLessThanOrEqual(8_000_000);
  expect(codesIn(reply)).not.toContain('INTERNAL_SERVER_ERROR');
  if (row.codes && entry.includes('POST'))
    for (const code of codesIn(reply)) expect(row.codes).toContain(code);
});

const upstreamBodies: [title: string, fault: Fault][] = [
  [
    'market codes of 1.8 MB',
    { kind: 'edit', edits: [{ path: 'available_markets', set: Array(360_000).fill('DE') }] },
  ],
  [
    'nested lists of 1 MB',
    { kind: 'answer', text: '['.repeat(1_000_000), headers: { 'content-type': 'application/json' } },
  ],
  ['a body that is cut off', { kind: 'truncate', afterBytes: 200 }],
  ['a connection that breaks in the body', { kind: 'reset', afterBytes: 200 }],
  ['a body of 300 MB', { kind: 'oversize', megabytes: 300 }],
  ['a body of 300 MB, compressed', { kind: 'oversize', megabytes: 300, gzip: true }],
];

test.each(upstreamBodies)('a response of Spotify costs no more than its bounds: %s', async (title, fault) => {
  const remove = sandbox.faults.add({ fault });
  const album = catalogue.albums()[50 + upstreamBodies.findIndex(([other]) => other === title)];
  const reply = await expectBounded(open, () => open.execute(`{ album(id: "${album?.id}") { name } }`));
  remove();
  expect(reply.status).toBe(200);
});

test('invalid documents of one client beside large documents of another are within the bounds, and every document gets a response', async () => {
  const large = (n: number) => `# ${n}\n{ ${times(`artist(id: "${bts}") { name uri images { url } }`, 90)} }`;
  const statuses = await expectBounded(open, async () => {
    const replies = await Promise.all([
      ...Array.from({ length: 9 }, (_, n) => open.execute(`{ unknown${n} ${'a '.repeat(1_700)}}`)),
      ...Array.from({ length: 3 }, (_, n) => open.execute(large(n))),
    ]);
    return replies.map(({ status }) => status);
  });
  expect(statuses).toEqual([...Array(9).fill(400), ...Array(3).fill(200)]);
});

test('an idle process responds to twelve requests one by one within the bounds', async () => {
  for (let n = 0; n < 12; n++) {
    const reply = await expectBounded(open, () =>
      open.execute(`{ search(q: "a${n}") { artists { nodes { name } } } }`),
    );
    expect(reply.status).toBe(200);
  }
});

const targets: readonly [title: string, targets: readonly string[], statuses: readonly number[]][] = [
  [
    'variables of a GET that are malformed',
    [
      '{',
      '7',
      '"text"',
      '[]',
      'null{',
      '{"a":1e999',
      '{"__proto__":',
      '['.repeat(3_000),
      '{"a":'.repeat(800),
      `"${'\u0000'.repeat(1_500)}`,
    ].map((variables) => `/graphql?${new URLSearchParams({ query: '{ __typename }', variables })}`),
    [400],
  ],
  [
    'variables of a GET with invalid percent signs',
    ['%', '%zz', '%c3%28', '%'.repeat(10_000)].map(
      (variables) => `/graphql?query=%7B__typename%7D&variables=${variables}`,
    ),
    [400],
  ],
  [
    'paths that are routes only after normalisation',
    [
      '/graphql/../metrics',
      '/./health',
      '//graphql',
      '/%67raphql',
      '/graphql;a',
      '/metrics/.',
      '/health/%2e%2e/metrics',
      '/x/..%2fmetrics',
      '/..'.repeat(4_000),
      '/%2e'.repeat(3_000),
      '/'.repeat(12_000),
    ],
    [400, 404],
  ],
];

test.each(targets)('%s are rejected within the bounds', async (_, paths, allowed) => {
  for (const server of [open, trusted]) {
    const statuses = await expectBounded(server, async () => {
      const replies = await Promise.all(paths.map((path) => server.get(path, { headers })));
      return replies.map(({ status }) => status);
    });
    expect(statuses.filter((status) => !allowed.includes(status))).toEqual([]);
  }
});

test('while a worker ends during requests for metrics, the primary process stays within the bounds', async () => {
  const environment = { ...inProduction, ...upstreamOf(sandbox), WEB_CONCURRENCY: '2' };
  const primary = await startServer(environment);
  const workers = () => Array.from(primary.out().matchAll(/"pid":(\d+),"msg":"a worker listens"/g));
  await until(() => workers().length === 2, 30_000);
  // Connections are given to the workers by turns, so each of the two has one of these.
  const agents = [keptConnection(), keptConnection()];
  for (const agent of agents) await primary.get('/health', { agent });
  /** Uses the connection whose worker still runs. */
  async function get(path: string): Promise<Reply> {
    const agent = agents.find(({ freeSockets }) => Object.keys(freeSockets).length > 0);
    if (!agent) throw new Error('both connections are lost');
    return primary.get(path, { agent }).catch(() => get(path));
  }
  const lost = { status: 0 }; // replies of the killed worker
  const statuses = await expectBounded({ ...primary, get }, async () => {
    const replies = Array.from({ length: 40 }, () =>
      Promise.race([primary.get('/metrics').catch(() => lost), sleep(900, lost)]),
    );
    process.kill(Number(workers()[0]?.[1]), 'SIGKILL');
    return (await Promise.all(replies)).map(({ status }) => status);
  });
  expect(statuses.filter((status) => status !== 200 && status !== lost.status)).toEqual([]);
  expect(statuses).toContain(200);
}, 60_000);

test('a process that drains stays within the bounds, and responds to the running operations', async ({
  onTestFinished,
}) => {
  const environment = { ...inProduction, ...upstreamOf(sandbox), METRICS_PORT: '0' };
  const server = await startServer(environment);
  const port = Number(/:(\d+)\/metrics/.exec(server.out())?.[1]);
  const [first, second] = catalogue.albums().slice(70);
  const delayed = (id = '', ms = 0) => {
    const remove = sandbox.faults.add({ on: { path: `/albums/${id}` }, fault: { kind: 'delay', ms } });
    onTestFinished(remove);
    return server.execute(`{ album(id: "${id}") { name } }`);
  };
  const callsOf = (album: typeof first) =>
    sandbox.calls().filter(({ path }) => path.includes(`${album?.id}`)).length;
  const slower = delayed(second?.id, 2_000);
  await until(() => callsOf(second) === 1, 5_000); // before the other one, so that they are not one batch
  const reply = await expectBounded({ ...server, get: (path) => exchange(port, path) }, async () => {
    const faster = delayed(first?.id, 400);
    await until(() => callsOf(first) === 1, 5_000);
    server.signal('SIGTERM');
    return faster;
  });
  expect(reply.json).toEqual({ data: { album: { name: first?.name } } });
  expect((await slower).json).toEqual({ data: { album: { name: second?.name } } });
  expect((await server.ended).code).toBe(0);
}, 60_000);

describe.skipIf(!hasRedis())('entries in Redis that no gateway has written', () => {
  const garbageOfKind = garbage();
  const kinds = [
    'half of what was written',
    "another response's value",
    'a body of another object',
    'items that are numbers',
    'items that have no name',
    '10 MB of brackets, compressed',
    'brackets as many as are read',
    '150 MB of blanks, compressed',
    '30 MB, not compressed',
  ];

  test('entries in Redis that no gateway has written cost no more than the bounds, and no client receives them', async () => {
    const redis = await startRedis();
    const writer = startGateway(sandbox, { REDIS_URL: redis.url });
    const environment = { ...inProduction, ...upstreamOf(sandbox), REDIS_URL: redis.url };
    const reader = await startServer(environment);
    for (const [n, kind] of kinds.entries()) {
      const query = `{ artist(id: "${catalogue.artists()[n + 20]?.id}") { name albums(first: 5) { nodes { name } } } }`;
      const { data, errors } = await writer.execute(query);
      expect(errors).toEqual([]);
      await until(async () => (await redis.client.keys('*artist*')).length > 1, 5_000);
      const make = garbageOfKind[kind];
      if (!make) throw new Error(`no garbage is ${kind}`);
      await corruptEntries(redis.client, make);
      const reply = await expectBounded(reader, () => reader.execute(query));
      expect(reply.json, kind).toEqual({ data });
      await redis.client.flushall();
    }
  }, 60_000);
});
