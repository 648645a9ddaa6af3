import type { CodegenConfig } from '@graphql-codegen/cli';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { federatedSdl, schema } from './src/schema/index.ts';

type Output = CodegenConfig['generates'][string];

/** A file with this text. */
const textFile = (text: string): Output => ({
  preset: {
    buildGeneratesSection: ({ baseOutputDir: filename, schema, config }) => [
      {
        filename,
        schema,
        config,
        documents: [],
        plugins: [{ text: {} }],
        pluginMap: { text: { plugin: () => text } },
      },
    ],
  },
});

/**
 * Writes what is derived from the schema: its SDL, its SDL as a federation router reads it, and typed documents for tests
 * and examples.
 */
const config: CodegenConfig = {
  schema: printSchemaWithDirectives(schema),
  silent: true,
  config: { sort: false },
  generates: {
    'schema.graphql': {
      plugins: ['schema-ast'],
      config: { includeDirectives: true },
    },
    'subgraph.graphql': textFile(federatedSdl(schema)),
    'test/generated/': {
      preset: 'client',
      documents: ['test/**/*.ts', '!test/generated/**', '!test/hosts/node_modules/**'],
      presetConfig: { fragmentMasking: false },
      config: {
        importExtension: '.ts',
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { Market: 'string', _Any: 'never' },
      },
    },
  },
};

export default config;
