import type { CodegenConfig } from '@graphql-codegen/cli';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { schema } from './src/schema/index.ts';

/** Writes what is derived from the schema: its SDL, and typed documents for tests and examples. */
const config: CodegenConfig = {
  schema: printSchemaWithDirectives(schema),
  silent: true,
  config: { sort: false },
  generates: {
    'schema.graphql': {
      plugins: ['schema-ast'],
      config: { includeDirectives: true },
    },
    'test/generated/': {
      preset: 'client',
      documents: ['test/**/*.ts', '!test/generated/**'],
      presetConfig: { fragmentMasking: false },
      config: {
        importExtension: '.ts',
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { Market: 'string' },
      },
    },
  },
};

export default config;
