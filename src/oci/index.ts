// Images: references, archives, configurations, and the store.
export * from './errors.ts';
export * from './reference.ts';
export { type Descriptor, type Digest, type ImageConfig, type HealthConfig, type Manifest, type RunConfig } from './image.ts';
export { type Chunks, ratioLimit, uncompressed, type UnpackLimit } from './compression.ts';
export { bytesOf, chunksOf, keepAside, type Member } from './members.ts';
export { chainFolder, chainIds, sha256Of } from './chain.ts';
export { layerSizePath, layerTarPath, BUILDS, CACHES, STEPS } from './layout.ts';
export type { Progress, ProgressEvent } from './load.ts';
export type { ImageUser, InUse, Removed, RemoveOptions } from './removal.ts';
export type { DamagedImage, Image, ImageLayer } from './store-view.ts';
export { type Loaded, type LoadOptions, type NewImage, type NewLayer, openStore, type PrepareLayers, type PruneOptions, type Store, type StorePorts } from './store.ts';
export { commitImage, configDocument, EMPTY_TAR, type CommitOptions } from './commit.ts';
export { importImage, type ImportOptions } from './import.ts';
export { changeConfig, type ConfigChange, configChange, type ConfigDraft, shellOf, variablesOf } from './instructions.ts';
export { jsonList, workingDirectory } from './instruction-values.ts';
export { expand, firstWord, splitWords } from './shell-words.ts';
export { imagesToSave, type Saved, saveImages } from './save.ts';
export { blobPath } from './layout.ts';
