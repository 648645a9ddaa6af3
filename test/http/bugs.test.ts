import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import type * as spotifyModule from '../../src/datasources/spotify/index.ts';
import type * as contextModule from '../../src/schema/context.ts';
import { withSandbox } from '../support/gateway.ts';
import { buildWithoutPackages, exchange, startServer, until } from '../support/process.ts';
import { portOf } from '../support/test-server.ts';

/** A bug is masked for clients, and logged with its stack. */

const canary = 'canary-3f9c1';
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

/** A gateway in this process, where parts can be broken while it runs. */
async function listen() {
  const { gateway, logged } = await withSandbox();
  onTestFinished(() => {
    broken.createContext = broken.ready = null;
  });
  return {
    port: await portOf(gateway.handler),
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

/** The errors that these functions throw in this process; null for none. */
const broken = vi.hoisted((): { createContext: Error | null; ready: Error | null } => ({
  createContext: null,
  ready: null,
}));

vi.mock('../../src/schema/context.ts', async (importOriginal) => {
  const original = await importOriginal<typeof contextModule>();
  const createContext: typeof original.createContext = (...parts) => {
    if (broken.createContext) throw broken.createContext;
    return original.createContext(...parts);
  };
  return { ...original, createContext };
});

vi.mock('../../src/datasources/spotify/index.ts', async (importOriginal) => {
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
