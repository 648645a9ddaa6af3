import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** A test that failed; a file that failed as a whole has an empty name. */
interface FailedTest {
  file: string;
  name: string;
  /** The first line of its error. */
  error: string;
}

/** A reporter that writes the failed tests as JSON to the file that FAILED_TESTS names, if any failed. */
export default class FailedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const failed = modules.flatMap(failedIn);
    const { FAILED_TESTS } = process.env;
    if (FAILED_TESTS && failed.length > 0) writeFileSync(FAILED_TESTS, JSON.stringify(failed));
  }
}

function failedIn(module: TestModule): FailedTest[] {
  const file = module.relativeModuleId;
  const [moduleError] = module.errors();
  if (moduleError) return [{ file, name: '', error: firstLine(moduleError.message) }];
  return [...module.children.allTests('failed')].map((test) => ({
    file,
    name: test.fullName,
    error: firstLine(test.result().errors?.[0]?.message),
  }));
}

const firstLine = (text = ''): string => text.split('\n')[0] ?? '';
