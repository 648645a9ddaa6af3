import { parse } from 'graphql';
import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../src/sandbox/index.ts';
import { createWorkerGateway, readConfig, type WorkerOptions } from '../src/worker.ts';
import { createFakeSharedStore } from './support/fake-shared-store.ts';
import { postJson } from './support/post-json.ts';
import { artistQuery, artistResult, artists, catalogue } from './support/schema-tests.ts';
import { silentLog } from './support/silent-log.ts';

/** The gateway for hosts without sockets and files; test/hosts runs it on such a host. */

async function start() {
  const sandbox = await startSandbox({ catalogue });
  onTestFinished(sandbox.close);
  const { gateway: options } = readConfig({ ...sandbox.environment, SPOTIFY_QUOTA_MODE: 'development' });
  const create = (more: Partial<WorkerOptions> = {}) => {
    const gateway = createWorkerGateway({ ...options, ...more }, silentLog);
    onTestFinished(gateway.dispose);
    return gateway;
  };
  return { sandbox, create, options };
}

const post = (query: string) => new Request('http://worker.test/graphql', postJson({ query }));

test('a worker gateway responds to Web-standard requests and executes operations, with shared calls', async () => {
  const { sandbox, create } = await start();
  const gateway = create();
  expect(await (await gateway.fetch(post(artistQuery))).json()).toEqual({ data: artistResult.data });
  expect(sandbox.calls().map(({ kind }) => kind)).toEqual(['token', 'api']);
  sandbox.clearCalls();
  expect(await gateway.execute({ document: parse(artistQuery) })).toEqual({ data: artistResult.data });
  expect(sandbox.calls()).toEqual([]);
});

test('a worker gateway keeps its data in the store that is given as an option', async () => {
  const { sandbox, create } = await start();
  const store = createFakeSharedStore();
  const openStore = () => store.connect();
  await create({ openStore }).fetch(post(artistQuery));
  sandbox.clearCalls();
  const later = create({ openStore });
  expect(await (await later.fetch(post(artistQuery))).json()).toEqual({ data: artistResult.data });
  expect(sandbox.calls().filter(({ kind }) => kind === 'api')).toEqual([]);
});

test('a worker gateway sends its calls with the fetch that is given as an option', async () => {
  const { create, options } = await start();
  const paths: string[] = [];
  const spotify = {
    ...options.spotify,
    fetch: ((url, init) => {
      paths.push(new URL(String(url)).pathname);
      return fetch(url, init);
    }) satisfies typeof fetch,
  };
  await create({ spotify }).fetch(post(artistQuery));
  expect(paths).toEqual(['/api/token', `/v1/artists/${artists.bts}`]);
});

test('a worker gateway serves /health and /ready, and has neither metrics nor pages', async () => {
  const { create } = await start();
  const gateway = create();
  const statusOf = async (path: string, accept = '*/*') =>
    (await gateway.fetch(new Request(`http://worker.test${path}`, { headers: { accept } }))).status;
  expect(await statusOf('/health')).toBe(200);
  expect(await statusOf('/ready')).toBe(200);
  expect(await statusOf('/metrics')).toBe(404);
  expect(await statusOf('/docs/README.md')).toBe(404);
  expect(await statusOf('/graphql', 'text/html')).toBeGreaterThanOrEqual(400);
});

test('a worker gateway without credentials is not created', () => {
  const { gateway } = readConfig({});
  expect(() => createWorkerGateway(gateway, silentLog)).toThrow('no Spotify credentials');
});
