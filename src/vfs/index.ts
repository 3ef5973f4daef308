// The virtual file system: inodes, open files, path walking, mounts, tmpfs, overlay.
export * from './types.ts';
export * from './mounts.ts';
