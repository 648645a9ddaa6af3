import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A clock that can be moved forward, for unmodified processes: libfaketime adds the seconds in a file to every clock of
 * a process, and its timers are due accordingly.
 */

const name = 'libfaketimeMT.so.1';
const roots = ['/usr/lib', '/usr/local/lib'];

function libraryPath() {
  const folders = roots.flatMap((root) => [root, ...readdirSync(root).map((each) => join(root, each))]);
  const path = folders.map((folder) => join(folder, 'faketime', name)).find((each) => existsSync(each));
  if (path === undefined) {
    throw new Error('The simulation needs libfaketime: apt-get install faketime (Debian, Ubuntu).');
  }
  return path;
}

/** @throws Error if libfaketime is not installed */
export function createClock() {
  const library = libraryPath();
  const folder = mkdtempSync(join(tmpdir(), 'day-'));
  const file = join(folder, 'offset');
  let offsetSeconds = 0;

  function write() {
    writeFileSync(`${file}.new`, `+${offsetSeconds}\n`);
    renameSync(`${file}.new`, file); // no process reads a half of it
  }
  write();

  return {
    /** Milliseconds, for the sandbox. */
    now: () => performance.now() + offsetSeconds * 1_000,
    advance(seconds) {
      offsetSeconds += seconds;
      write();
    },
    /** Environment variables of a process that has this clock. */
    environment: { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
