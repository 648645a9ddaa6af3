import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder beside the repository that holds Spotify's API description and recorded answers. */
export const sharedFolder = fileURLToPath(new URL('../../../shared', import.meta.url));

/**
 * The path of something in the shared folder, or null where it is missing: then one line says what is
 * skipped. With `CI=true` nothing may be skipped, so a missing one is an error.
 */
export function sharedPath(...parts: readonly string[]): string | null {
  const path = join(sharedFolder, ...parts);
  if (existsSync(path)) return path;
  const missing = `${join('../shared', ...parts)} is missing`;
  const { CI } = process.env;
  if (CI === 'true') throw new Error(`${missing}, and CI skips nothing`);
  process.stdout.write(`skipped: ${missing}\n`);
  return null;
}
