import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Each file has its own gateway and browser; a small machine has memory for two.
    maxWorkers: 2,
    isolate: false, // files share modules that take long to load
    // Polls may take some seconds: the page repeats a request to an overloaded gateway after at least one second.
    expect: { poll: { timeout: 10_000 } },
    // Many tests depend on time, and CI's machine may be busy. A real failure occurs twice.
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
