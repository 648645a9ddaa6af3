import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generate } from '@graphql-codegen/cli';
import { expect, test } from 'vitest';

const repositoryFile = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** The scalars that the docs map for a code generator: `{ Market: 'string', … }`. */
function documentedScalars(): Record<string, string> {
  const page = readFileSync(repositoryFile('docs/composition.md'), 'utf8');
  const [, scalars = ''] = /strictScalars: true, scalars: \{ (.*?) \}/.exec(page) ?? [];
  return Object.fromEntries(
    Array.from(scalars.matchAll(/(\w+): '(\w+)'/g), ([, name = '', type = '']) => [name, type]),
  );
}

const typesWith = (scalars: Record<string, string>) =>
  generate(
    {
      schema: repositoryFile('schema.graphql'),
      silent: true,
      verbose: false,
      generates: {
        'types/': {
          preset: 'client',
          documents: [
            'query Of($of: [_Any!]!, $market: Market) { _entities(representations: $of) { __typename } search(q: "a", market: $market) { __typename } }',
          ],
          presetConfig: { fragmentMasking: false },
          config: { strictScalars: true, scalars },
        },
      },
    },
    false,
  );

test('a code generator with strictScalars accepts the schema with the scalars of the docs, and rejects the schema with fewer', async () => {
  const scalars = documentedScalars();
  expect(Object.keys(scalars)).toEqual(['Market', '_Any']);
  await expect(typesWith(scalars)).resolves.toBeDefined();
  const { _Any: _, ...fewer } = scalars;
  await expect(typesWith(fewer)).rejects.toThrow('_Any');
});
