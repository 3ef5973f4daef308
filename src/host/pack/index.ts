// A folder inside a few large files.
export { CachedFile } from './cached-file.ts';
export { PackError } from './errors.ts';
export { PackFolder, type PackFiles } from './pack-folder.ts';
