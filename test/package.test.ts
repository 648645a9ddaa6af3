import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { startSandbox } from '../src/sandbox/index.ts';
import { upstreamOf } from './support/process.ts';
import { imageCommand } from './support/repository.ts';

/** The package has the built code, its types and the SDL, and nothing that is needed only to build them. */

const run = promisify(execFile);
const slowMs = 60_000;

/** The package in a folder of its own, beside its dependencies. */
let folder: string;
let tarball: string;
let paths: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'package-'));
  // Without its scripts, which would build `dist` again while other tests run it.
  const pack = ['pack', '--ignore-scripts', '--json', '--silent', '--pack-destination', folder];
  const { stdout } = await run('npm', pack);
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  tarball = join(folder, filename);
  paths = files.map(({ path }) => path);
  return () => rmSync(folder, { recursive: true });
}, slowMs);

test('the tarball has the built code, the SDL, the docs, README and licence, and neither tests nor secrets', () => {
  const code = paths.filter((path) => /^dist\/[\w/-]+\.(js|d\.ts)$/.test(path));
  const docs = paths.filter((path) => /^docs\/[\w/-]+\.(md|png)$/.test(path));
  const others = paths.filter((path) => !code.includes(path) && !docs.includes(path)).sort();
  expect(docs).toEqual(
    expect.arrayContaining(['docs/README.md', 'docs/decisions/README.md', 'docs/graphiql.png']),
  );
  const root = ['LICENSE', 'README.md', 'package.json', 'schema.graphql', 'subgraph.graphql'];
  expect(others).toEqual([...root, 'dist/server.licences.txt'].sort());
  expect(code).toContain('dist/index.js');
  expect(code).toContain('dist/index.d.ts');
});

test(
  'publint finds nothing wrong with the package',
  async () => {
    await expect(run('node_modules/.bin/publint', ['run', tarball, '--strict'])).resolves.toBeDefined();
  },
  slowMs,
);

test('the built server is one file of ASCII text, imports two packages at its start, and has the licences of the other packages beside it', () => {
  const code = readFileSync('dist/server.js', 'utf8');
  const imported = Array.from(code.matchAll(/\bfrom"([\w@/:.-]+)"/g), ([, name]) => name ?? '');
  const packages = imported.filter((name) => !name.startsWith('node:'));
  expect(packages.sort()).toEqual(['@opentelemetry/api', 'pino']);
  expect(code).not.toMatch(/\bimport\("\./); // it has the sandbox
  expect(
    code.match(/\P{ASCII}/u),
    'a character for which V8 may store two bytes for each character',
  ).toBeNull();
  const licences = readFileSync('dist/server.licences.txt', 'utf8');
  for (const name of ['graphql', 'graphql-yoga', 'undici', 'zod']) {
    expect(licences).toMatch(new RegExp(`^${name} [\\d.]+\n\n.*(?:Licen[cs]e|Copyright)`, 'im'));
  }
});

/** Dependencies of yoga that package.json pins to the newest versions that support Node 20. */
const pinnedDependencies = ['@graphql-tools/executor', '@graphql-tools/merge', '@graphql-tools/schema'];

test('the code imports only packages that are installed with the package', () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const imported = files.flatMap((path) => {
    const code = readFileSync(join('src', path), 'utf8');
    return code.match(/(?<=^(?:import|export|\}).* from '|(?:import|resolve)\(')[^.'][^']*/gm) ?? [];
  });
  const packages = imported
    .filter((name) => !name.startsWith('node:'))
    .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? '');
  const installed = Object.keys({ ...dependencies, ...peerDependencies });
  expect([...new Set(packages)].sort()).toEqual(
    installed.filter((name) => !pinnedDependencies.includes(name)).sort(),
  );
});

test('`npm start` and the image start the same process, with the same bound on its memory', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const words = imageCommand();
  expect(scripts.start.split(' && ').at(-1)).toBe(words.join(' '));
  expect(words).toContain('--max-old-space-size=256');
});

test(
  'the command of the package in an empty folder starts the gateway and the sandbox, examines an app, and reports an unknown command',
  async ({ onTestFinished }) => {
    await run('tar', ['-xzf', tarball, '-C', folder]);
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    const { bin } = JSON.parse(readFileSync(join(folder, 'package', 'package.json'), 'utf8'));
    const file = join(folder, 'package', bin);
    const cwd = join(folder, 'empty');
    mkdirSync(cwd);
    const env = { PATH: process.env['PATH'], PORT: '0' };
    const start = (...args: string[]) => spawn(process.execPath, [file, ...args], { cwd, env });
    /** Reads stdout until it contains the expected text, ends the process, and returns the output. */
    const printed = async (expected: string, ...args: string[]) => {
      const child = start(...args);
      const ended = once(child, 'exit');
      let text = '';
      for await (const chunk of child.stdout) {
        text += chunk;
        if (text.includes(expected)) break;
      }
      child.kill();
      await ended;
      return text;
    };

    expect(await printed('GraphQL on http://localhost:')).toContain('made-up music');
    // The folder of a user has no `npm start`.
    const sandboxOutput = await printed(' npx spotify-graphql-gateway\n', 'sandbox', '--port', '0');
    expect(sandboxOutput).toContain('Spotify sandbox');
    expect(sandboxOutput).toContain('SPOTIFY_API_URL=');
    expect(await printed('Exit code 0', 'doctor', '--help')).toContain('with at most 8 calls');
    const [noApp] = await once(start('doctor').stderr, 'data');
    expect(`${noApp}`).toContain('SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set');
    expect(readdirSync(cwd)).toEqual([]); // nothing is written
    const sandbox = await startSandbox();
    onTestFinished(sandbox.close);
    const examined = await run(process.execPath, [file, 'doctor'], {
      cwd,
      env: { ...env, ...upstreamOf(sandbox) },
    });
    expect(examined.stdout).toMatch(/^ +Kind of app +development mode/m);
    expect(readdirSync(cwd)).toEqual(['spotify-report.json']);
    const wrong = start('sandbx');
    const [message] = await once(wrong.stderr, 'data');
    expect(`${message}`).toBe('There is no command "sandbx"; --help lists the commands.\n');
    const [hint] = await once(start('--port', '4001').stderr, 'data');
    expect(`${hint}`).toContain('settings are environment variables, such as PORT=4001.');
  },
  slowMs,
);
