import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Installs the packed package and Next.js in an empty project, with the files of docs/composition.md: builds it without
 * credentials, starts it and reads one artist. Needs the registry of npm.
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

/** Starts the built project. @returns its response and its output */
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
      return { status: response.status, body: await response.json(), output };
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
  for (const path of ['app/api/graphql/route.js', 'next.config.js']) writeFromDocs(path);
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
  const { status, body, output } = await read(request, environment);
  assert.deepEqual({ status, body }, { status: 200, body: { data: { artist: { name: 'BTS' } } } });
  assert.equal(sandbox.calls().filter(({ kind }) => kind === 'api').length, 1);
  assert.doesNotMatch(output, /"level"/); // such as a warning that the store on disk cannot be loaded
  await sandbox.close();
  const { version } = JSON.parse(readFileSync(join(folder, 'node_modules/next/package.json'), 'utf8'));
  process.stdout.write(`Next.js ${version}: built without credentials, one artist for one call\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
