import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const timeoutMs = 60_000;

test(
  'docs/reading.md names every file that its query runs through, each once, and no other file of the gateway',
  async () => {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', 'docs/reading.mjs']);
    const files = Array.from(stdout.matchAll(/^([\w/.-]+\.ts): /gm), ([, file]) => file).sort();
    const page = readFileSync('docs/reading.md', 'utf8');
    const named = Array.from(page.matchAll(/\]\(\.\.\/src\/([\w/.-]+\.ts)\)/g), ([, file]) => file).sort();
    expect(named).toEqual(files);
    expect(page).toContain(`The path runs through ${files.length} files.`);
  },
  timeoutMs,
);
