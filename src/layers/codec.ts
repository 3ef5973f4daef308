// How indexes and views are stored: msgpack with typed arrays, so that opening one is a few copies and no object per file.
import { Packr } from 'msgpackr/pack';
import type { LayerIndex } from './layer-index.ts';
import type { ViewColumns } from './view.ts';

const packr = new Packr({ useRecords: false, moreTypes: true });

export const packIndex = (index: LayerIndex): Uint8Array => packr.pack(index);
export const packView = (view: ViewColumns): Uint8Array => packr.pack(view);

/** What was packed, or undefined when the bytes are damaged or of another version: it is then built again. */
export const unpackIndex = (bytes: Uint8Array): LayerIndex | undefined => unpack<LayerIndex>(bytes, 2);
export const unpackView = (bytes: Uint8Array): ViewColumns | undefined => unpack<ViewColumns>(bytes, 3);

function unpack<T extends { version: number }>(bytes: Uint8Array, version: T['version']): T | undefined {
  try {
    const value = packr.unpack(bytes) as T | undefined;
    return value?.version === version ? value : undefined;
  } catch {
    return undefined;
  }
}
