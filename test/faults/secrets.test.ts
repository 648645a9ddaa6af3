import { inspect } from 'node:util';
import { expect } from 'vitest';
import { send } from '../support/abuse.ts';
import type { FaultCase, Step } from '../support/fault-case.ts';
import type { TestEnvironment } from '../support/fault-environment.ts';
import { startProcess } from '../support/fault-environment.ts';
import {
  album,
  albumId,
  albumTracks,
  artist,
  artistAlbums,
  artistId,
  catalogue,
  type Operation,
  search,
  track,
} from '../support/fault-operations.ts';
import { faultSuite } from '../support/fault-runner.ts';
import { startForeignHost } from '../support/foreign-host.ts';
import { until } from '../support/process.ts';
import { httpOver } from '../support/transports.ts';

const operationsOfEachKind: readonly Operation[] = [
  artist(1),
  album(1),
  track(1),
  artistAlbums(2),
  albumTracks(2),
  search('amber'),
];

/** Faults of every kind; those that cause a back-off are last. */
const troubles = [
  { kind: 'answer' as const, status: 500, text: '<html>' },
  { kind: 'answer' as const, status: 403, json: { error: { status: 403, message: 'no' } } },
  { kind: 'reset' as const, afterBytes: 20 },
  { kind: 'truncate' as const, afterBytes: 20 },
  { kind: 'answer' as const, text: 'null' },
  { kind: 'rate-limit' as const, retryAfterSeconds: 1 },
  { kind: 'unauthorized' as const, reason: 'invalid' as const },
];
/** The path of the call during each fault. */
const troubledPaths = troubles.map((_, i) => `/artists/${artistId(i)}`);

function expectNoSecret(testEnvironment: TestEnvironment, text: string): void {
  for (const secret of testEnvironment.secrets())
    expect(text.includes(secret), `${secret.slice(0, 6)}…`).toBe(false);
}

/** Every response of Spotify contains the app's token. */
const echo = (status: number): Step => ({
  arrange: async (testEnvironment) => {
    await testEnvironment.lift();
    const token = testEnvironment.secrets().at(-1);
    const message = `Bearer ${token} is not what it should be`;
    testEnvironment.fault({
      fault: { kind: 'answer', status, json: { error: { status, message }, message, token } },
    });
  },
  act: async (testEnvironment) => [
    await testEnvironment.execute(artist(status)),
    await testEnvironment.execute(album(status)),
  ],
  check: ({ outcomes }) => {
    for (const { errors } of outcomes) expect(errors).toHaveLength(1);
  },
});

const bearerOf = (testEnvironment: TestEnvironment): string => `Bearer ${testEnvironment.secrets().at(-1)}`;

const cases: FaultCase[] = [
  {
    id: 'S1-process',
    fault: 'every kind of failure, in a process of its own that logs all',
    promise: 'output, responses, headers and metrics contain no secret',
    timeoutMs: 40_000,
    steps: [
      {
        act: async (testEnvironment) => {
          const server = await startProcess(testEnvironment, { LOG_LEVEL: 'trace' });
          await server.execute('{ __typename }');
          for (const [i, fault] of troubles.entries()) {
            testEnvironment.fault({ fault, times: 2 });
            await server.execute(`{ artist(id: "${artistId(i)}") { name } }`);
            await testEnvironment.lift();
          }
          for (const path of ['/metrics', '/ready', '/graphql']) await server.get(path);
          server.signal('SIGTERM');
          const { out, err } = await server.ended;
          const called = testEnvironment.calls('api').map(({ path }) => path);
          for (const path of troubledPaths) expect(called).toContain(path);
          expect(testEnvironment.secrets().length).toBeGreaterThan(2);
          expect(out.split('\n').length).toBeGreaterThan(troubles.length);
          expect(err).toBe('');
          return [];
        },
        says: { client: 'no secret' },
      },
    ],
  },
  {
    id: 'S1-redis',
    fault: 'everything that is shared over Redis is read',
    promise: 'Redis holds neither the secret nor a token',
    redis: true,
    steps: [
      { execute: operationsOfEachKind, client: 'ok' },
      {
        act: async (testEnvironment) => {
          const [found] = catalogue.find('album', 'amber');
          if (!found) throw new Error('the search has no result');
          // Entries are written after the response. The id shows that the test reads compressed entries too.
          await until(
            async () => (await testEnvironment.heard()).get('Redis')?.includes(found.id) ?? false,
            5_000,
          );
          return [];
        },
        says: { client: 'no secret' },
      },
    ],
  },
  {
    id: 'S1-spans',
    fault: 'every span of operations that fail in every way is read',
    promise: 'spans contain paths and codes, and no secret',
    steps: [
      {
        act: async (testEnvironment) => {
          const outcomes = [await testEnvironment.execute(artist(20))];
          for (const [i, fault] of troubles.entries()) {
            const removeFault = testEnvironment.fault({ fault, times: 2 });
            outcomes.push(await testEnvironment.execute(artist(i)));
            removeFault();
          }
          const spans = (await testEnvironment.heard()).get('spans') ?? '';
          for (const each of ['/api/token', ...troubledPaths, '403', '500']) expect(spans).toContain(each);
          return outcomes;
        },
        says: { client: 'no secret' },
      },
    ],
  },
  {
    id: 'S2',
    fault: 'the outcome of a call, with its hidden properties',
    promise: 'no outcome contains a request, an option, a header or a body',
    warm: [artist(0)],
    steps: [
      {
        act: async (testEnvironment) => {
          const http = httpOver('undici', 500);
          const authorization = bearerOf(testEnvironment);
          const url = `${testEnvironment.sandbox.apiUrl}/artists/${artistId(1)}`;
          const execute = (to = url) =>
            http.requestOnce({ method: 'GET', url: to, headers: { authorization } });
          const outcomes = [
            await execute(),
            await execute('http://127.0.0.1:1/'),
            await execute('http://[::'),
          ];
          for (const fault of [...troubles, { kind: 'stall' as const }]) {
            await testEnvironment.lift();
            testEnvironment.fault({ fault });
            outcomes.push(await execute());
          }
          await testEnvironment.lift();
          await http.close();
          for (const outcome of outcomes) {
            const allowedProperties = [
              'kind',
              'status',
              'body',
              'etag',
              'retryAfter',
              'wwwAuthenticate',
              'bytes',
              'fault',
              'code',
              'isUnsent',
            ];
            expect(
              Object.getOwnPropertyNames(outcome).filter((name) => !allowedProperties.includes(name)),
            ).toEqual([]);
            expectNoSecret(
              testEnvironment,
              inspect(outcome, { showHidden: true, getters: true, depth: null }),
            );
          }
          testEnvironment.allowed.add('127.0.0.1:1');
          return [];
        },
        says: { client: 'no secret' },
      },
    ],
  },
  {
    id: 'S3',
    fault: 'a bug, with NODE_ENV=development',
    promise: 'a bug is masked whatever the environment',
    environment: { NODE_ENV: 'development' },
    steps: [
      {
        act: async (testEnvironment) => {
          const field = testEnvironment.gateway().schema.getQueryType()?.getFields()['artist'];
          if (!field) throw new Error('there is no field to break');
          const { resolve } = field;
          field.resolve = () => {
            throw new TypeError('of a bug');
          };
          const { status, data, errors } = await send(testEnvironment, {
            body: JSON.stringify({ query: '{ artist(id: "x") { name } }' }),
          }).finally(() => Object.assign(field, { resolve }));
          expect({ status, data, errors }).toEqual({
            status: 200,
            data: { artist: null },
            errors: [
              {
                message: 'The gateway failed because of a bug: its log has the details.',
                locations: [{ line: 1, column: 3 }],
                path: ['artist'],
                extensions: { code: 'INTERNAL_SERVER_ERROR' },
              },
            ],
          });
          expect(testEnvironment.log().some((line) => line.includes('TypeError: of a bug'))).toBe(true);
          return [];
        },
        says: { client: 'INTERNAL_SERVER_ERROR, masked' },
      },
    ],
  },
  {
    id: 'S5',
    fault: '`next`, `href`, URLs of pictures and ids of a response point at another host',
    promise: 'no URL in a response is followed',
    steps: [
      {
        arrange: async (testEnvironment) => {
          const { origin, calls } = await startForeignHost(testEnvironment);
          foreignCalls.set(testEnvironment, calls);
          const edits = [
            'next',
            'href',
            'items.0.href',
            'tracks.next',
            'images.0.url',
            'external_urls.spotify',
          ];
          testEnvironment.fault({
            fault: { kind: 'edit', edits: edits.map((path) => ({ path, set: `${origin}/v1/me` })) },
          });
        },
        act: async (testEnvironment) => {
          const query = `{ artist(id: "${artistId(1)}") { images { url } albums(first: 30) { nodes { name } } }
            album(id: "${albumId(1)}") { tracks(first: 50) { nodes { name } } } }`;
          const { status, data } = await send(testEnvironment, { body: JSON.stringify({ query }) });
          expect({ status, there: data !== null }).toEqual({ status: 200, there: true });
          expect(foreignCalls.get(testEnvironment)?.()).toBe(0);
          return [];
        },
        says: { spotify: 'the other host 0' },
      },
    ],
  },
  {
    id: 'S5-client',
    fault: 'an id, a cursor, a market and a search text that each carry a host',
    promise: 'no input of a client becomes a host',
    steps: [
      {
        act: async (testEnvironment) => {
          const { origin, calls } = await startForeignHost(testEnvironment);
          const at = `http://127.0.0.1@${origin.slice('http://'.length)}/`;
          for (const text of [origin, at, `//${origin.slice(7)}`, `${origin}/artist/${artistId(0)}`]) {
            const body = JSON.stringify({
              query: `query ($t: String!, $id: ID!, $m: Market) {
                artist(id: $id) { name }
                album(id: "${albumId(0)}", market: $m) { name }
                search(q: $t) { artists(after: $t) { totalCount } }
              }`,
              variables: { t: text, id: text, m: text },
            });
            const outcome = await send(testEnvironment, { body });
            expect(new Set(outcome.errors.map(({ extensions }) => extensions?.code))).toEqual(
              new Set(['BAD_USER_INPUT']),
            );
          }
          expect(calls()).toBe(0);
          return [];
        },
        says: { client: 'BAD_USER_INPUT', spotify: 'the other host 0' },
      },
    ],
  },
  {
    id: 'S7',
    fault: "Spotify's own error texts quote the token",
    promise: 'no part of an upstream body reaches a client',
    warm: [artist(0)],
    steps: [400, 403, 500, 418].map(echo),
  },
];

const foreignCalls = new WeakMap<TestEnvironment, () => number>();

faultSuite(
  'S',
  'Secrets and other hosts',
  cases.map((each) => ({ recovery: false, ...each })),
);
