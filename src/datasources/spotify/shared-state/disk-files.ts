import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { storeVersion } from './shared-store.ts';

/** The files of one app in the data directory, which only their owner can read: `APP/vVERSION/store.sqlite`. */
export interface DiskFiles {
  /** Path of the database file, which exists. Removes the files of other versions. @throws file system errors */
  prepare(): string;
  /** Which file has the path now: it changes when the file is replaced. Null if there is none. */
  fileId(): number | null;
  /** Removes the files of this version. Processes that have them open keep their data until they look at `fileId`. */
  remove(): void;
}

const privateFolder = 0o700;
const privateFile = 0o600;
const ownFolder = `v${storeVersion}`;
const isOutdated = (name: string) => /^(?:v\d+|removed-.*)$/.test(name) && name !== ownFolder;

export function createDiskFiles(dataDir: string, app: string): DiskFiles {
  const appFolder = join(dataDir, app);
  const folder = join(appFolder, ownFolder);
  const file = join(folder, 'store.sqlite');

  return {
    prepare() {
      mkdirSync(folder, { recursive: true, mode: privateFolder });
      closeSync(openSync(file, 'a', privateFile)); // SQLite gives its other files the same mode
      for (const path of [appFolder, folder]) chmodSync(path, privateFolder);
      chmodSync(file, privateFile);
      for (const name of readdirSync(appFolder).filter(isOutdated)) removeFolder(join(appFolder, name));
      return file;
    },
    fileId: () => statSync(file, { throwIfNoEntry: false })?.ino ?? null,
    remove() {
      // Renamed first: a process that opens the store meanwhile finds all files of a database or none.
      const removed = join(appFolder, `removed-${randomUUID()}`);
      renameSync(folder, removed);
      removeFolder(removed);
    },
  };
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Open in another process (Windows), or not ours: the next start tries again.
  }
}
