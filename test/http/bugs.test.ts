import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import * as spotifyModule from '../../src/datasources/spotify/index.ts';
import * as contextModule from '../../src/schema/context.ts';
import { withSandbox } from '../support/gateway.ts';
import { buildWithoutPackages, exchange, startServer, until } from '../support/process.ts';
import { portOf } from '../support/test-server.ts';

/** A bug is masked for clients, and logged with its stack. */

const canary = 'canary-3f9c1';
const masked = { code: 'INTERNAL_SERVER_ERROR' };

afterEach(() => void vi.restoreAllMocks());

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
  'a bug in a resolver is masked and logged with its stack and the id of the request in %s',
  async (mode, { onTestFinished: onEnd }) => {
    const folder = mkdtempSync(join(tmpdir(), 'gateway-bug-'));
    onEnd(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'bug.mjs');
    const serverFile = await buildWithoutPackages(onEnd);
    writeFileSync(file, bug(serverFile));
    const environment = { NODE_OPTIONS: `--import=${pathToFileURL(file).href}`, NODE_ENV: mode };
    const { execute, out, err } = await startServer(environment, undefined, onEnd, [serverFile]);

    const { status, headers, text, json } = await execute('{ broken: artist(id: "x") { name } __typename }');
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
      requestId: headers['x-request-id'],
      err: {
        message: canary,
        stack: expect.stringMatching(/^TypeError: .*\n +at .*broken/),
      },
    });
    expect(err()).toBe('');
  },
);

/** A gateway in this process. */
async function listen() {
  const { gateway, logged } = await withSandbox();
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

  const bug = new TypeError(canary);
  vi.spyOn(contextModule, 'createContext').mockImplementationOnce(() => {
    throw bug;
  });
  const { status, headers, json } = await execute();
  expect(json).toEqual({
    errors: [
      { message: 'The gateway failed because of a bug: its log has the details.', extensions: masked },
    ],
  });
  expect(bugs()).toEqual([{ err: bug, requestId: headers['x-request-id'] }]);
  expect(status).toBe(500); // the media type has no 2xx without data

  expect(await execute()).toMatchObject({ status: 200, json: { data: { __typename: 'Query' } } });
});

test('a bug outside of every resolver is logged, and is not visible in the response of /ready', async () => {
  const bug = new TypeError(canary);
  const { createSpotify } = spotifyModule;
  vi.spyOn(spotifyModule, 'createSpotify').mockImplementationOnce((...parts) => ({
    ...createSpotify(...parts),
    whyNotReady: () => Promise.reject(bug),
  }));
  const { port, bugs } = await listen();
  const { status, text } = await exchange(port, '/ready');
  expect(status).toBeGreaterThanOrEqual(500);
  expect(text).not.toMatch(new RegExp(`${canary}|TypeError|\\bat |file:`));
  expect(bugs()).toEqual([{ err: bug }]);
});
