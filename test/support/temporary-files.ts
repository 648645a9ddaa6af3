import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestEnd } from './test-end.ts';

/** A folder that is removed with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-test-'));
  onTestEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A manifest of trusted documents in a temporary folder. @returns its path */
export function manifestOf(documents: object): string {
  const path = join(temporaryFolder(), 'manifest.json');
  writeFileSync(path, JSON.stringify(documents));
  return path;
}
