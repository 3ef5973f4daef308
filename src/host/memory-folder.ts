// The store's folder in memory: memfs under the same code as the disk. For a page that may not keep files, and for stores that leave nothing behind.
import { createFsFromVolume, Volume } from 'memfs';
import { FsFolder, type FsLike } from './fs-folder.ts';

/** memfs keeps a file in one buffer that doubles; the largest that any host allocates ends it. */
const full = (error: unknown): Error => Object.assign(new Error('no memory left for the file'), { code: 'ENOSPC', cause: error });

/** A new, empty folder. A file that memory cannot hold is ENOSPC. */
export function memoryFolder(): FsFolder {
  const fs = createFsFromVolume(new Volume()) as unknown as FsLike;
  const writeSync: FsLike['writeSync'] = (...call) => {
    try { return fs.writeSync(...call); } catch (error) { throw error instanceof RangeError ? full(error) : error; }
  };
  return new FsFolder({ ...fs, writeSync }, '/store');
}
