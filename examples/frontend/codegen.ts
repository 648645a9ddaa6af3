import type { CodegenConfig } from '@graphql-codegen/cli';
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

/** Writes typed documents, and their manifest for the gateway in production. */
const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: ['src/**/*.tsx', '!src/generated/**'],
  silent: true,
  generates: {
    'src/generated/': {
      preset: 'client',
      presetConfig: {
        fragmentMasking: { unmaskFunctionName: 'readFragment' },
        persistedDocuments: { hashAlgorithm: 'sha256' },
      },
      config: {
        importExtension: '.ts',
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { Market: 'string' },
      },
      // The client's cache adds `__typename` to every selection, so the documents in the manifest need it too.
      documentTransforms: [addTypenameSelectionDocumentTransform],
    },
  },
};

export default config;
