// Images: references, archives, configurations, and the store.
export * from './errors.ts';
export * from './reference.ts';
export { type Descriptor, type Digest, type ImageConfig, type Manifest, type RunConfig } from './image.ts';
export { type Chunks, chunksOf } from './archive.ts';
export { type Image, type ImageLayer, type Loaded, openStore, type PrepareLayers, type Progress, type Store, type StorePorts } from './store.ts';
