import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withSandbox } from './support/gateway.ts';
import { codeBlocks } from './support/repository.ts';

/** The README shows a query, its response and commands. These tests execute the query and look the commands up. */

const readText = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const readme = readText('README.md');

test("the README's first query returns the response that is shown below it", async () => {
  const { execute } = await withSandbox();
  const [query = ''] = codeBlocks(readme, 'graphql');
  const [response = ''] = codeBlocks(readme, 'json');
  const { data, errors } = await execute(query);
  expect(errors).toEqual([]);
  expect({ data }).toEqual(JSON.parse(response));
});

test('every npm command of the README exists in package.json', () => {
  const scripts = Object.keys(JSON.parse(readText('package.json')).scripts);
  const commands = codeBlocks(readme, 'sh').join('');
  const names = Array.from(commands.matchAll(/npm (?:run )?([\w:]+)/g), ([, name = '']) => name);
  expect(names).toContain('start');
  expect(names.filter((name) => name !== 'install' && !scripts.includes(name))).toEqual([]);
});
