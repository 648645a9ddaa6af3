import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { startSandbox } from '../../dist/sandbox/index.js';
import { fileOf, nodeVersions, processes, send, startNode } from './processes.js';
import { requestsOf } from './requests.js';

/** The same requests and the same Spotify on each host. The Node of this process is the reference. */

/** Start the gateway, and return its URL and a function that ends it. */
const hosts = { ...processes, ...nodeVersions, 'Cloudflare Workers': startWorker };

async function startWorker(environment) {
  const { outputFiles } = await bundleWorker();
  const miniflare = new Miniflare({
    modules: true,
    script: outputFiles[0].text,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
    durableObjects: { GATEWAY: 'Gateway' },
    bindings: environment,
  });
  return { url: (await miniflare.ready).origin, stop: () => miniflare.dispose() };
}

/** The worker in one file, with the settings of Cloudflare's own tool, Wrangler. */
const bundleWorker = () =>
  build({
    entryPoints: [fileOf('worker.js')],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
  });

/** Sends all requests to a gateway, and then one of them twenty times at once. */
async function run(start) {
  sandbox.clearCalls();
  const { url, stop } = await start({
    ...sandbox.environment,
    SPOTIFY_QUOTA_MODE: 'development',
    UPSTREAM_TIMEOUT_MS: '7000',
  });
  try {
    const responses = [];
    for (const request of requestsOf(sandbox.catalogue.fixtures)) responses.push(await send(url, request));
    const query = `{ artist(id: "${sandbox.catalogue.fixtures.artists.gapped}") { name albums { totalCount } } }`;
    const atOnce = Array.from({ length: 20 }, () =>
      send(url, { path: `/graphql?query=${encodeURIComponent(query)}` }),
    );
    responses.push(...(await Promise.all(atOnce)));
    return {
      responses,
      calls: sandbox
        .calls()
        .map(({ path, status }) => `${status} ${path}`)
        .sort(),
    };
  } finally {
    await stop();
  }
}

let sandbox;
let node;
before(async () => {
  sandbox = await startSandbox();
  // Its first search generates all music. On a busy machine the gateway would repeat a call that waits for that.
  for (const kind of ['track', 'episode', 'playlist']) sandbox.catalogue.find(kind, 'the');
  node = await run(startNode);
});
after(() => sandbox.close());

test('the forty requests cover data, errors of fields and rejected requests', () => {
  const bodies = node.responses.slice(0, 40).map(({ body }) => JSON.parse(body));
  const count = (isCounted) => bodies.filter(isCounted).length;
  assert.ok(count(({ data, errors }) => data && !errors) >= 25);
  assert.ok(count(({ data, errors }) => data && errors) >= 4);
  assert.ok(count(({ data }) => data === undefined) >= 6);
  assert.equal(requestsOf(sandbox.catalogue.fixtures).length, 40);
});

for (const [host, start] of Object.entries(hosts)) {
  test(`${host} returns the same bytes as Node, with the same calls`, async () => {
    const { responses, calls } = await run(start);
    for (const [at, response] of responses.entries()) assert.deepEqual(response, node.responses[at]);
    assert.deepEqual(calls, node.calls);
  });
}

test('the worker imports four modules of Node, and none for sockets, files or processes', async () => {
  const { metafile } = await bundleWorker();
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  assert.deepEqual([...new Set(imports)].sort(), [
    'cloudflare:workers',
    'node:crypto',
    'node:perf_hooks',
    'node:timers/promises',
    'node:zlib',
  ]);
  const packages = Object.keys(metafile.inputs).map(
    (file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1],
  );
  for (const name of [
    'undici',
    'ioredis',
    '@photostructure/sqlite',
    'prom-client',
    'sonic-boom',
    'thread-stream',
  ]) {
    assert.ok(!packages.includes(name), name);
  }
});
