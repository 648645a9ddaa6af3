import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { variableNames } from '../src/config.ts';
import { faultSchemas } from '../src/sandbox/faults/parse.ts';
import { presetNames } from '../src/sandbox/index.ts';
import { codeBlocks, imageCommand } from './support/repository.ts';

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => `${folder}/${name}`);
const examples = readdirSync('examples', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `examples/${name}`);
const pages = ['.', 'docs', 'docs/decisions', 'bench', 'examples', ...examples]
  .flatMap(filesOf)
  .filter((path) => path.endsWith('.md'));
const read = (path: string): string => readFileSync(path, 'utf8');

/** The anchors of a page, as GitHub makes them from its headings. */
const anchorsOf = (page: string): string[] =>
  Array.from(page.matchAll(/^#+ (.*)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

test.each(pages)('%s links to pages, headings and files that exist', (page) => {
  const links = Array.from(read(page).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g), ([, link = '']) => link);
  for (const link of links) {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    expect(existsSync(target), link).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(read(target)), link).toContain(anchor);
  }
});

test.each(pages)('%s names npm scripts that exist', (page) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const commands = codeBlocks(read(page), 'sh').join('');
  const names = Array.from(commands.matchAll(/npm run ([\w:]+)/g), ([, name = '']) => name);
  expect(names.filter((name) => !(name in scripts))).toEqual([]);
});

test('docs/README.md lists every page of the folder docs', () => {
  const missing = filesOf('docs')
    .map((path) => path.slice('docs/'.length))
    .filter((name) => /\.(md|json|yaml)$/.test(name) && name !== 'README.md')
    .filter((name) => !read('docs/README.md').includes(`(${name})`));
  expect(missing).toEqual([]);
});

describe('docs/sandbox.md', () => {
  const page = read('docs/sandbox.md');
  const rows = (heading: string): string[] =>
    page
      .split(`\n| \`${heading}\` |`)[1]
      ?.split('\n\n')[0]
      ?.match(/^\| `.*$/gm) ?? [];

  test('docs/sandbox.md lists every preset', () => {
    expect(rows('--preset').map((row) => /`(.*?)`/.exec(row)?.[1])).toEqual(presetNames);
  });

  test('docs/sandbox.md lists every kind of fault with its fields', () => {
    const listed = rows('fault.kind').map((row) => {
      const [, kind = '', , fields = ''] = row.split('|');
      return [kind.trim().replaceAll('`', ''), fields] as const;
    });
    expect(listed.map(([kind]) => kind).sort()).toEqual(
      faultSchemas.map(({ shape }) => shape.kind.value).sort(),
    );
    for (const [kind, fields] of listed) {
      const shape = faultSchemas.find((schema) => schema.shape.kind.value === kind)?.shape;
      const { kind: _, ...ownFields } = shape ?? {};
      for (const name of Object.keys(ownFields)) expect(fields, kind).toContain(`\`${name}\``);
    }
  });
});

describe('docs/deployment.md', () => {
  const page = read('docs/deployment.md');

  test('docs/deployment.md sets only variables that exist', () => {
    const texts = ['yaml', 'toml', 'ini'].flatMap((language) => codeBlocks(page, language)).join('\n');
    const names = Array.from(
      texts.matchAll(/\b([A-Z]+(?:_[A-Z]+)+|PORT|HOST)\b(?= ?[=:])/g),
      ([, name]) => name,
    );
    expect(names).toContain('METRICS_PORT');
    expect(
      names.filter((name) => !(variableNames as readonly (string | undefined)[]).includes(name)),
    ).toEqual([]);
  });

  test('docs/deployment.md has Compose files that can be read', () => {
    const files = codeBlocks(page, 'yaml');
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect(parse(file.replace('!reset ', '')).services).toHaveProperty('gateway');
    }
  });

  test('docs/deployment.md starts the process with the command of the image', () => {
    expect(page).toContain(`ExecStart=/usr/bin/${imageCommand().join(' ')}`);
  });
});
