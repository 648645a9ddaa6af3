import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Material about Spotify that the repository does not contain, in a folder beside it. */
const folder = fileURLToPath(new URL('../../../shared', import.meta.url));
const material = {
  recordings: { path: 'spotify/recordings', about: 'recorded responses of Spotify' },
  shapes: { path: 'spotify/shapes-dev-2026.json', about: 'the keys of recorded responses of Spotify' },
  openapi: { path: 'spotify/openapi', about: 'Spotify’s OpenAPI document' },
  cases: { path: 'cases', about: 'cases that users of Spotify have reported' },
} as const;

/**
 * The path of the material, or null if it is missing: then one line states that comparisons with it are skipped. With
 * `CI=true` nothing may be skipped, so missing material is an error.
 */
export function sharedPath(name: keyof typeof material): string | null {
  const { path, about } = material[name];
  const file = join(folder, path);
  if (existsSync(file)) return file;
  const missing = `${about}: not a part of this repository`;
  const { CI } = process.env;
  if (CI === 'true') throw new Error(`${missing}, and CI skips nothing`);
  process.stdout.write(`skipped: ${missing}\n`);
  return null;
}
