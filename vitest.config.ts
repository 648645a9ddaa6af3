import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

type ProjectTestOptions = TestProjectInlineConfiguration['test'];

const isolated = [
  // They measure memory, which other files would change.
  'test/operation/documents.test.ts',
  'test/http/unread-responses.test.ts',
  // They measure pauses, and a garbage collection takes longer where the data of other files is in memory.
  'test/faults/random.test.ts',
  'test/sandbox/slices.test.ts',
];

/** Options of each project. */
const project = (test: ProjectTestOptions) => ({
  // Vite would give the tests graphql's ES modules and Node the packages under test its CommonJS ones: two
  // copies whose classes do not know each other (graphql/graphql-js#1479).
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    maxConcurrency: 40, // fault cases that wait wait together
    setupFiles: ['test/support/seed.ts'],
    // Real sockets and, in some files, real processes: a hung test must say so, not hang the run.
    testTimeout: 15_000,
    hookTimeout: 15_000,
    ...test,
  },
});

export default defineConfig({
  test: {
    // Files share a process and its modules, which take two seconds to load; some need a process of their own.
    projects: [
      project({ name: 'shared', isolate: false, include: ['test/**/*.test.ts'], exclude: isolated }),
      project({ name: 'isolated', include: isolated }),
    ],
    // The semi-space in megabytes: with the default of 16, a tenth of the time is garbage collection. V8 drops the bytecode of
    // functions that have not run for a while, and the next file compiles them again: without that, a run of two folders took
    // 6 % less processor time (Node 20.20.2).
    execArgv: ['--max-semi-space-size=64', '--no-flush-bytecode'],
    maxWorkers: 4, // more than processors, because tests wait for half of their time
    globalSetup: ['test/support/build.ts'], // here and not in the projects, each of which would build again
    reporters: ['default', './test/support/failed-tests.ts'],
    coverage: {
      provider: 'v8',
      reportOnFailure: true,
      include: ['src/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { 'src/{datasources,schema}/**': { branches: 95 } },
    },
  },
});
