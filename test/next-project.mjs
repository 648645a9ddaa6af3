import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Installs the packed package and Next.js in an empty project, with the files of docs/composition.md: builds it without
 * credentials, starts it, reads one artist and the routes for operators. Needs the registry of npm.
 */

const folder = mkdtempSync(join(tmpdir(), 'next-project-'));
const run = (command, args, cwd) => execFileSync(command, args, { cwd, env, encoding: 'utf8' });
const next = (...args) => [join(folder, 'node_modules/next/dist/bin/next'), ...args];
const { PATH, HOME } = process.env;
const env = { PATH, HOME, NEXT_TELEMETRY_DISABLED: '1' };

/** Writes the code block of the docs that begins with the path of the file. */
function writeFromDocs(path) {
  const docs = readFileSync('docs/composition.md', 'utf8');
  const [, code] = docs.split(`\`\`\`js\n// ${path}\n`);
  assert.ok(code, `docs/composition.md has no ${path}`);
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), code.slice(0, code.indexOf('```')));
}

/** Starts the built project, reads one artist and then the other routes, and returns the responses and the log. */
async function read(request, environment) {
  const server = spawn(process.execPath, next('start', '--port', '0', '--hostname', '127.0.0.1'), {
    cwd: folder,
    env: { ...env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit');
  let output = '';
  server.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  try {
    for (let url; ; await once(server.stdout, 'data')) {
      [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
      if (url === undefined) continue;
      const response = await fetch(`${url}/api/graphql`, request);
      const body = await response.json();
      const routes = {};
      for (const name of ['health', 'ready', 'metrics', 'nothing']) {
        const route = await fetch(`${url}/api/${name}`);
        routes[name] = { status: route.status, text: await route.text() };
      }
      return { status: response.status, body, routes, output };
    }
  } finally {
    server.kill();
    await exited;
  }
}

try {
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', folder]));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const packages = [join(folder, filename), 'graphql@16', 'next@16', 'react@19', 'react-dom@19'];
  run(
    'npm',
    ['install', '--engine-strict', '--no-audit', '--no-fund', '--prefer-offline', ...packages],
    folder,
  );
  const files = ['app/api/graphql/route.js', 'app/api/[route]/route.js', 'next.config.js'];
  for (const path of files) writeFromDocs(path);
  run(process.execPath, next('build'), folder);

  const { startSandbox } = await import(
    join(folder, 'node_modules/spotify-graphql-gateway/dist/sandbox/index.js')
  );
  const sandbox = await startSandbox();
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ artist(id: "${sandbox.catalogue.fixtures.artists.bts}") { name } }` }),
  };
  const environment = { ...sandbox.environment, DATA_DIR: join(folder, '.data'), LOG_LEVEL: 'warn' };
  const { status, body, routes, output } = await read(request, environment);
  assert.deepEqual({ status, body }, { status: 200, body: { data: { artist: { name: 'BTS' } } } });
  assert.deepEqual(routes.health, { status: 200, text: 'alive' });
  assert.deepEqual(routes.ready, { status: 200, text: 'ready' });
  assert.match(routes.metrics.text, /^spotify_graphql_operations_total\{outcome="ok"\} 1$/m); // of the same gateway
  assert.equal(routes.nothing.status, 404);
  assert.equal(sandbox.calls().filter(({ kind }) => kind === 'api').length, 1);
  assert.doesNotMatch(output, /"level"/); // such as a warning that the store on disk cannot be loaded
  await sandbox.close();
  const { version } = JSON.parse(readFileSync(join(folder, 'node_modules/next/package.json'), 'utf8'));
  process.stdout.write(
    `Next.js ${version}: built without credentials, one artist for one call, health, readiness and metrics\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
