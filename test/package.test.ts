import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** What a user of the package gets: the built code, its types and the SDL, and nothing that was needed to make them. */

const run = promisify(execFile);
const slowMs = 60_000;

test(
  'the tarball has the built code, the SDL, README and licence, and neither tests nor secrets',
  async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--silent']);
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    const code = paths.filter((path) => /^dist\/[\w/-]+\.(js|d\.ts)$/.test(path));
    const others = paths.filter((path) => !code.includes(path)).sort();
    expect(others).toEqual(['LICENSE', 'README.md', 'package.json', 'schema.graphql']);
    expect(code).toContain('dist/index.js');
    expect(code).toContain('dist/index.d.ts');
  },
  slowMs,
);

test.each([
  ['publint', ['publint', '--strict']],
  [
    'attw',
    ['attw', '--pack', '--profile', 'esm-only', '--exclude-entrypoints', './schema.graphql', '--quiet'],
  ],
])(
  '%s finds nothing wrong with the package',
  async (_, [tool = '', ...args]) => {
    await expect(run(`node_modules/.bin/${tool}`, args)).resolves.toBeDefined();
  },
  slowMs,
);

test('`npm start` and the image start the same process, with the same bound on its memory', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const [, command = '[]'] = /^CMD (.*)$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  const words: string[] = JSON.parse(command);
  expect(scripts.start.split(' && ').at(-1)).toBe(words.join(' '));
  expect(words).toContain('--max-old-space-size=256');
});
