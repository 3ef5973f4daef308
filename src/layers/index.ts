// Layers: the index of one tar, the merged view of many, and how both are stored.
export * from './errors.ts';
export { tarEntries, type TarEntry } from './tar.ts';
export { indexLayer, type LayerIndex } from './layer-index.ts';
export { buildView, ImageView, type LayerContent, type ViewColumns } from './view.ts';
export { packIndex, packView, unpackIndex, unpackView } from './codec.ts';
