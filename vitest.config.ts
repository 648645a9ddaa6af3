import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Vite would give the tests graphql's ES modules and Node the packages under test its CommonJS ones: two
  // copies whose classes do not know each other (graphql/graphql-js#1479).
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    // Real sockets and, in some files, real processes: a hung test must say so, not hang the run.
    testTimeout: 15_000,
    hookTimeout: 15_000,
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
