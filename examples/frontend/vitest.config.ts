import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Each file has a gateway and a browser of its own; a small machine has memory for two.
    maxWorkers: 2,
    isolate: false, // files share what takes long to load
    // What is polled may take some seconds: a gateway that is too busy is asked again, after a second at the least.
    expect: { poll: { timeout: 10_000 } },
    // Much here is about time, and CI's machine may be busy elsewhere for a while. What is wrong fails three times.
    retry: process.env['CI'] ? 2 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
