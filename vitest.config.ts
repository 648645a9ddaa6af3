import { defineConfig } from 'vitest/config';

const isolated = [
  // They replace modules.
  'test/datasources/spotify/transport/http.test.ts',
  'test/datasources/spotify/capabilities/shared-capabilities.test.ts',
  // They measure pauses, and a garbage collection takes longer where the data of other files is in memory.
  'test/faults/random.test.ts',
  'test/sandbox/slices.test.ts',
];

export default defineConfig({
  // Vite would give the tests graphql's ES modules and Node the packages under test its CommonJS ones: two
  // copies whose classes do not know each other (graphql/graphql-js#1479).
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    // Files share a process and its modules, which take two seconds to load; some need a process of their own.
    projects: [
      {
        extends: true,
        test: { name: 'shared', isolate: false, include: ['test/**/*.test.ts'], exclude: isolated },
      },
      { extends: true, test: { name: 'isolated', include: isolated } },
    ],
    maxWorkers: 3, // more than processors, because tests wait for a third of their time
    maxConcurrency: 40, // fault cases that wait wait together
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['test/support/seed.ts'],
    reporters: ['default', './test/support/failed-tests.ts'],
    // Real sockets and, in some files, real processes: a hung test must say so, not hang the run.
    testTimeout: 15_000,
    hookTimeout: 15_000,
    coverage: {
      provider: 'v8',
      reportOnFailure: true,
      include: ['src/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { 'src/{datasources,schema}/**': { branches: 95 } },
    },
  },
});
