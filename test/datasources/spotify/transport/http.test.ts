import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { auditServer } from 'graphql-http';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type * as spotifyModule from '../../../../src/datasources/spotify/index.ts';
import type * as contextModule from '../../../../src/schema/context.ts';
import { codesOf, withSandbox } from '../../../support/gateway.ts';
import {
  buildWithoutPackages,
  type Environment,
  exchange,
  patientFetch,
  type Reply,
  type Server,
  startServer,
  until,
} from '../../../support/process.ts';

const canary = 'canary-3f9c1';

const servers = new Map<string, Promise<Server>>();
const ends: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(ends.map((end) => end())));

/** The process with this configuration; all tests of this file share it. */
function serverWith(environment: Environment = {}): Promise<Server> {
  const key = JSON.stringify(environment);
  const server = servers.get(key) ?? startServer(environment, undefined, (end) => ends.push(end));
  servers.set(key, server);
  return server;
}

describe('GraphQL over HTTP', () => {
  /** The failed audits of the suite of the GraphQL-over-HTTP specification. */
  async function failedAudits(environment: Environment) {
    const { url } = await serverWith(environment);
    const results = await auditServer({ url, fetchFn: patientFetch });
    expect(results).toHaveLength(61);
    return results.filter(({ status }) => status !== 'ok').map(({ id, name }) => `${id} ${name}`);
  }

  test('a gateway in development passes every audit of GraphQL over HTTP', async () => {
    expect(await failedAudits({})).toEqual([]);
  }, 30_000);

  test('a gateway in production meets every MUST and SHOULD of GraphQL over HTTP, and fails only MAYs about GET', async () => {
    // Two audits of variables need introspection.
    expect(await failedAudits({ NODE_ENV: 'production', INTROSPECTION: 'true' })).toEqual([
      '5A70 MAY accept application/x-www-form-urlencoded formatted GET requests',
      'D6D5 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
      '6A70 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json',
    ]);
  }, 30_000);
});

describe('introspection', () => {
  const queries = ['{ __schema { queryType { name } } }', '{ __type(name: "Artist") { name } }'];

  test.each(queries)('an introspection query gets a response by default: %s', async (query) => {
    const { execute } = await serverWith();
    expect(await execute(query)).toMatchObject({ status: 200, json: { data: expect.any(Object) } });
  });

  test.each<Environment>([{ INTROSPECTION: 'false' }, { NODE_ENV: 'production' }])(
    'an introspection query is rejected with %o, and other queries are not rejected',
    async (environment) => {
      const { execute } = await serverWith(environment);
      for (const query of queries) {
        const { status, json } = await execute(query);
        expect(status).toBe(400);
        expect(new Set(codesOf(json as Parameters<typeof codesOf>[0]))).toEqual(
          new Set(['GRAPHQL_VALIDATION_FAILED']),
        );
        expect(json).not.toHaveProperty('data');
      }
      const { json } = await execute(
        '{ __typename artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") { __typename name } }',
      );
      expect(json).toEqual({ data: { __typename: 'Query', artist: { __typename: 'Artist', name: 'BTS' } } });
    },
  );
});

describe('pages of other origins', () => {
  const preflight = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  };
  const [app, other, evil, opaque] = [
    'https://app.example',
    'https://b.example',
    'https://evil.example',
    'null',
  ];

  /** The responses to a query, its preflight, the page of GraphiQL and a path beside the GraphQL endpoint. */
  async function sendFrom({ execute, get }: Server, origin: string): Promise<Reply[]> {
    return [
      await execute('{ __typename }', { headers: { origin } }),
      await get('/graphql', { method: 'OPTIONS', headers: { origin, ...preflight } }),
      await get('/graphql', { headers: { origin, accept: 'text/html' } }),
      await get('/health', { headers: { origin } }),
    ];
  }

  const corsHeaders = ({ headers }: Reply) =>
    Object.entries(headers).filter(([name]) => name.startsWith('access-control-'));

  test('a web page of another origin gets no CORS header without CORS_ORIGINS', async () => {
    const server = await serverWith();
    for (const origin of [app, evil, opaque]) {
      expect((await sendFrom(server, origin)).flatMap(corsHeaders)).toEqual([]);
    }
  });

  test.each([app, `${app}, ${other}`])(
    'a web page may read responses if CORS_ORIGINS has the origin of the page: %s',
    async (origins) => {
      const server = await serverWith({ CORS_ORIGINS: origins });
      for (const origin of origins.split(', ')) {
        for (const { headers } of await sendFrom(server, origin)) {
          expect(headers['access-control-allow-origin']).toBe(origin);
          expect(headers['access-control-allow-credentials']).toBeUndefined();
        }
        const { status, headers } = await server.get('/graphql', {
          method: 'OPTIONS',
          headers: { origin, ...preflight },
        });
        expect(status).toBe(204);
        expect(headers['access-control-allow-methods']).toContain('POST');
        expect(headers['access-control-allow-headers']).toContain('content-type');
      }
    },
  );

  test('caches distinguish responses by origin if CORS_ORIGINS has several origins', async () => {
    const { execute } = await serverWith({ CORS_ORIGINS: `${app}, ${other}` });
    for (const origin of [app, evil]) {
      const { headers } = await execute('{ __typename }', { headers: { origin } });
      expect(headers.vary).toMatch(/\borigin\b/i);
    }
  });

  test('caches distinguish a cacheable response by origin', async () => {
    const { get } = await serverWith({ CORS_ORIGINS: app });
    const query = encodeURIComponent('{ artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") { name } }');
    const { headers } = await get(`/graphql?query=${query}`, { headers: { origin: app } });
    expect(headers['cache-control']).toMatch(/^public/);
    expect(headers['access-control-allow-origin']).toBe(app);
    for (const name of ['origin', 'accept', 'x-spotify-trace']) expect(headers.vary).toContain(name);
  });

  // A browser sends `Origin: null` for any sandboxed frame, so a response that allows "null" allows every origin.
  test.each([app, `${app}, ${other}`])(
    'a web page may not read responses if CORS_ORIGINS lacks the origin of the page: %s',
    async (origins) => {
      const server = await serverWith({ CORS_ORIGINS: origins });
      const otherOrigins = [
        evil,
        opaque,
        `${app}.evil.example`,
        'http://app.example',
        'https://app.example:444',
      ];
      for (const origin of otherOrigins) {
        expect((await sendFrom(server, origin)).flatMap(corsHeaders)).toEqual([]);
      }
    },
  );
});

describe('a bug', () => {
  const masked = { code: 'INTERNAL_SERVER_ERROR' };

  /**
   * Makes a resolver of the process throw, by a change of the module `graphql`. The built server contains a copy of that
   * module, which cannot be changed from outside.
   */
  const bug = (serverFile: string) => `
    import { createRequire } from 'node:module';
    const { GraphQLObjectType } = createRequire(${JSON.stringify(serverFile)})('graphql');
    const { getFields } = GraphQLObjectType.prototype;
    GraphQLObjectType.prototype.getFields = function () {
      const fields = getFields.call(this);
      if (this.name === 'Query') fields.artist.resolve = function broken() { throw new TypeError('${canary}'); };
      return fields;
    };`;

  test.concurrent.for(['development', 'production'])(
    'a bug in a resolver is masked and logged with its stack in %s',
    async (mode, { onTestFinished: onEnd }) => {
      const folder = mkdtempSync(join(tmpdir(), 'gateway-bug-'));
      onEnd(() => rmSync(folder, { recursive: true }));
      const file = join(folder, 'bug.mjs');
      const serverFile = await buildWithoutPackages(onEnd);
      writeFileSync(file, bug(serverFile));
      const environment = { NODE_OPTIONS: `--import=${pathToFileURL(file).href}`, NODE_ENV: mode };
      const { execute, out, err } = await startServer(environment, undefined, onEnd, [serverFile]);

      const { status, text, json } = await execute('{ broken: artist(id: "x") { name } __typename }');
      expect(status).toBe(200);
      expect(json).toEqual({
        data: { broken: null, __typename: 'Query' },
        errors: [
          {
            message: 'The gateway failed because of a bug: its log has the details.',
            path: ['broken'],
            locations: [{ line: 1, column: 3 }],
            extensions: masked,
          },
        ],
      });
      expect(text).not.toMatch(new RegExp(`${canary}|TypeError|\\bat |file:`));

      const logged = await until(() => new RegExp(`^.*${canary}.*$`, 'm').exec(out())?.[0], 5_000);
      expect(JSON.parse(logged)).toMatchObject({
        level: 'error',
        err: {
          message: canary,
          stack: expect.stringMatching(/^TypeError: .*\n +at .*broken/),
        },
      });
      expect(err()).toBe('');
    },
  );

  describe('outside of every resolver', () => {
    /** A gateway in this process, where parts can be broken while it runs. */
    async function listen() {
      const { gateway, logged } = await withSandbox();
      const server = createServer(gateway.handler).listen(0, '127.0.0.1');
      onTestFinished(() => {
        broken.createContext = broken.ready = null;
        server.closeAllConnections();
        server.close();
      });
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      return {
        port,
        bugs: () => logged.filter(({ level }) => level === 'error').map(({ fields }) => fields),
      };
    }

    test('a bug outside of every resolver is masked, logged and gets a 500, and the next request is served', async () => {
      const { port, bugs } = await listen();
      const execute = () =>
        exchange(port, '/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
          body: '{"query":"{ __typename }"}',
        });

      broken.createContext = new TypeError(canary);
      const { status, json } = await execute();
      expect(json).toEqual({
        errors: [
          { message: 'The gateway failed because of a bug: its log has the details.', extensions: masked },
        ],
      });
      expect(bugs()).toEqual([{ err: broken.createContext }]);
      expect(status).toBe(500); // the media type has no 2xx without data

      broken.createContext = null;
      expect(await execute()).toMatchObject({ status: 200, json: { data: { __typename: 'Query' } } });
    });

    test('a bug outside of every resolver is logged, and is not visible in the response of /ready', async () => {
      const { port, bugs } = await listen();
      broken.ready = new TypeError(canary);
      const { status, text } = await exchange(port, '/ready');
      expect(status).toBeGreaterThanOrEqual(500);
      expect(text).not.toMatch(new RegExp(`${canary}|TypeError|\\bat |file:`));
      expect(bugs()).toEqual([{ err: broken.ready }]);
    });
  });
});

/** The errors that these functions throw in this process; null for none. */
const broken = vi.hoisted((): { createContext: Error | null; ready: Error | null } => ({
  createContext: null,
  ready: null,
}));

vi.mock('../../../../src/schema/context.ts', async (importOriginal) => {
  const original = await importOriginal<typeof contextModule>();
  const createContext: typeof original.createContext = (...parts) => {
    if (broken.createContext) throw broken.createContext;
    return original.createContext(...parts);
  };
  return { ...original, createContext };
});

vi.mock('../../../../src/datasources/spotify/index.ts', async (importOriginal) => {
  const original = await importOriginal<typeof spotifyModule>();
  const createSpotify: typeof original.createSpotify = (...parts) => {
    const spotify = original.createSpotify(...parts);
    const whyNotReady = async () => {
      if (broken.ready) throw broken.ready;
      return spotify.whyNotReady();
    };
    return { ...spotify, whyNotReady };
  };
  return { ...original, createSpotify };
});
