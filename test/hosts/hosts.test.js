import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startSandbox } from '../../dist/sandbox/index.js';
import { requestsOf } from './requests.js';

/** The same process, the same requests and the same Spotify on each host. Node is the reference. */

const fileOf = (path) => fileURLToPath(new URL(path, import.meta.url));
const cli = fileOf('../../dist/cli.js');
const hosts = {
  Deno: [fileOf('node_modules/.bin/deno'), 'run', '--allow-all', cli],
  Bun: [fileOf('node_modules/.bin/bun'), cli],
};

/** Starts the process on a host, asks it everything, and ends it. */
async function run([command, ...args]) {
  sandbox.clearCalls();
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...sandbox.environment, PORT: '0', SPOTIFY_QUOTA_MODE: 'development' };
  const child = spawn(command, args, { env, cwd: fileOf('.'), stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = await urlOf(child);
    const responses = [];
    for (const request of requestsOf(sandbox.catalogue.fixtures)) responses.push(await send(url, request));
    return {
      responses,
      calls: sandbox
        .calls()
        .map(({ path, status }) => `${status} ${path}`)
        .sort(),
    };
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

async function urlOf(child) {
  let output = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    output += text;
    const [, url] = /GraphQL on (http:\S+)\/graphql/.exec(output) ?? [];
    if (url) return url;
  }
  throw new Error(`The gateway has not started: ${output}`);
}

async function send(url, { path = '/graphql', ...request }) {
  const response = await fetch(url + path, request);
  return {
    request: request.body ?? path,
    status: response.status,
    type: response.headers.get('content-type'),
    body: await response.text(),
  };
}

let sandbox;
let node;
before(async () => {
  sandbox = await startSandbox();
  node = await run([process.execPath, cli]);
});

after(() => sandbox.close());

test('the requests cover data, errors of fields and rejected requests', () => {
  assert.equal(node.responses.length, 40);
  const bodies = node.responses.map(({ body }) => JSON.parse(body));
  const count = (isCounted) => bodies.filter(isCounted).length;
  assert.ok(count(({ data, errors }) => data && !errors) >= 25);
  assert.ok(count(({ data, errors }) => data && errors) >= 4);
  assert.ok(count(({ data }) => data === undefined) >= 6);
});

for (const [host, command] of Object.entries(hosts)) {
  test(`${host} gives the same bytes as Node, with the same calls`, async () => {
    const { responses, calls } = await run(command);
    for (const [at, response] of responses.entries()) assert.deepEqual(response, node.responses[at]);
    assert.deepEqual(calls, node.calls);
  });
}
