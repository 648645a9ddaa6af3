import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/**
 * Builds `dist` once for a whole run, before any test file: the tests of the process run what an operator
 * runs. A build that fails stops the tests that need it and no others, so it is told, not thrown.
 */
export default function setup(project: TestProject): void {
  const buildAnew = () => project.provide('buildFailure', build());
  buildAnew();
  project.onTestsRerun(buildAnew);
}

/** What the compiler complains about; null when it does not. */
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
