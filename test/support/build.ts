import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/**
 * Builds `dist` once for a whole run, before any test file, because the tests of the process run the built server. A
 * failed build is provided to the tests, not thrown, so that only the tests that need `dist` fail.
 */
export default function setup(project: TestProject): void {
  const buildAnew = () => project.provide('buildFailure', build());
  buildAnew();
  project.onTestsRerun(buildAnew);
}

/** The output of a failed build; null if the build succeeds. */
function build(): string | null {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? null : `npm run build failed:\n${stdout}${stderr}`;
}

declare module 'vitest' {
  interface ProvidedContext {
    buildFailure: string | null;
  }
}
