// Layers: the index of one tar, the merged view of many, and how both are stored.
export * from './errors.ts';
export { type Extent, tarEntries, type TarEntry } from './tar.ts';
export { contentSize, indexLayer, type LayerIndex } from './layer-index.ts';
export { buildView } from './view-builder.ts';
export { ImageView, type LayerContent, type ViewColumns } from './view.ts';
export { packIndex, packView, unpackIndex, unpackView } from './codec.ts';
export { type DiffLine, diffLines, tarOfChanges } from './tar-changes.ts';
export { ItemMaker, itemsBelow, tarOfTree, type TreeTarOptions } from './tar-tree.ts';
export { type PackOptions, packTar, type ReadAt, type TarItem, type TarProgress } from './tar-writer.ts';
export type { TarMember } from './tar-header.ts';
export { type DiskPlace, type MemoryPlace, openWritable } from './writable/index.ts';
