// The virtual file system: inodes, open files, path walking and what system calls do to the tree, mounts, tmpfs, overlay, generated trees.
export * from './types.ts';
export * from './events.ts';
export * from './mounts.ts';
export * from './permissions.ts';
export { type Found, walk, type WalkContext, type WalkOptions } from './walk.ts';
export { find, seek } from './seek.ts';
export * from './restricted-walk.ts';
export * from './path-of.ts';
export * from './path-bytes.ts';
export { HASH_START, hashByte, hashName, hashText, slotOf } from './name-hash.ts';
export * as operations from './operations.ts';
export { accessOf, type Opened } from './operations.ts';
export { anonymousDev, TmpFs, type TmpFsOptions, TmpInode } from './tmpfs.ts';
export { type Backing, FileData, type SavedData } from './file-data.ts';
export { ABSENT, BlockMap, type Run } from './block-map.ts';
export { BLOCK, BlockStore, errnoOf, type Places } from './block-store.ts';
export { MemoryFile } from './memory-file.ts';
export { HostFs, type HostFsOptions } from './hostfs.ts';
export { KeptAttributes } from './kept-attributes.ts';
export * as generated from './generated.ts';
export { GeneratedFs, type GeneratedFsOptions, type Node } from './generated.ts';

export { type Change, changesOf } from './changes.ts';
export { type LowerAttr, type LowerTree, OverlayFs, visibleIno } from './overlay.ts';
