import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { storeVersion } from './shared-store.ts';

export type DiskFiles = ReturnType<typeof createDiskFiles>;

const privateFolder = 0o700;
const privateFile = 0o600;
const ownFolder = `v${storeVersion}`;
const isOutdated = (name: string) => /^(?:v\d+|removed-.*)$/.test(name) && name !== ownFolder;

/** The files of one app in the data directory, which only their owner can read: `APP/vVERSION/store.sqlite`. */
export function createDiskFiles(dataDir: string, app: string) {
  const appFolder = join(dataDir, app);
  const folder = join(appFolder, ownFolder);
  const file = join(folder, 'store.sqlite');
  let isFirstCall = true;

  return {
    /**
     * Path of the database file, which exists. The first call removes the files of other versions: later ones would remove
     * those of a process that was started meanwhile, which would do the same. @throws file system errors
     */
    prepare(): string {
      createFolder(folder);
      closeSync(openSync(file, 'a', privateFile)); // SQLite gives its other files the same mode
      for (const path of [appFolder, folder]) chmodSync(path, privateFolder);
      chmodSync(file, privateFile);
      if (isFirstCall)
        for (const name of readdirSync(appFolder).filter(isOutdated)) removeFolder(join(appFolder, name));
      isFirstCall = false;
      return file;
    },
    /** Which file has the path now: it changes when the file is replaced. Null if there is none. */
    fileId: (): number | null => statSync(file, { throwIfNoEntry: false })?.ino ?? null,
    /** Removes the files of this version. Processes that have them open keep their data until they look at `fileId`. */
    remove(): void {
      // Renamed first: a process that opens the store meanwhile finds all files of a database or none.
      const removed = join(appFolder, `removed-${randomUUID()}`);
      renameSync(folder, removed);
      removeFolder(removed);
    },
  };
}

/**
 * Creates the folder and the folders above it. Node's own `recursive` loops forever if the system responds ENOENT although
 * the folder above exists, as it does below /proc.
 */
function createFolder(path: string): void {
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) createFolder(parent);
  try {
    mkdirSync(path, privateFolder);
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Open in another process (Windows), or not ours: the next start tries again.
  }
}
