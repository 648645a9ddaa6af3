import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * A reporter that lists the tests which failed at first and were run again, so that no retry hides a failure. It prints
 * the list at the end of the run and writes it to the file that RETRIED_TESTS names, one test with its first error a line.
 */
export default class RetriedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) =>
      [...module.children.allTests()].filter(isRetried).map((test) => lineOf(module, test)),
    );
    const { RETRIED_TESTS } = process.env;
    if (RETRIED_TESTS) writeFileSync(RETRIED_TESTS, lines.map((line) => `${line}\n`).join(''));
    if (lines.length === 0) return;
    process.stdout.write(
      `\nRetried tests (${lines.length}):\n${lines.map((line) => `  ${line}\n`).join('')}`,
    );
  }
}

const isRetried = (test: TestCase): boolean => (test.diagnostic()?.retryCount ?? 0) > 0;

function lineOf({ relativeModuleId }: TestModule, test: TestCase): string {
  const { state, errors } = test.result();
  const [error = ''] = errors?.[0]?.message.split('\n') ?? [];
  return `${relativeModuleId} > ${test.fullName}: ${state} at the second run; the first: ${error}`;
}
