// Runs the failed tests of FAILED_TESTS once more, without other tests beside them, and lists them in RETRIED_TESTS. Ends
// with the exit code of that run.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const { FAILED_TESTS, RETRIED_TESTS } = process.env;
const failed = JSON.parse(readFileSync(FAILED_TESTS, 'utf8'));
const maxTests = 30; // a busy machine does not cause more failures
if (failed.length > maxTests) {
  process.stdout.write(`${failed.length} tests failed: too many to run them again\n`);
  process.exit(1);
}
const files = [...new Set(failed.map(({ file }) => file))];
// Vitest joins the names of suites and test with a blank; `fullName` joins them with ` > `.
const patternOf = ({ name }) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll(' > ', '.{1,3}');
const pattern = failed.some(({ name }) => name === '') ? [] : ['-t', failed.map(patternOf).join('|')];
const { status } = spawnSync('npx', ['vitest', 'run', '--maxWorkers=1', ...pattern, ...files], {
  stdio: 'inherit',
  env: { ...process.env, FAILED_TESTS: '' },
});
const lines = failed.map(({ file, name, error }) => `${file} > ${name}: failed at first with: ${error}\n`);
writeFileSync(RETRIED_TESTS, lines.join(''));
process.exit(status ?? 1);
