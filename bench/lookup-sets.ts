// The paths that lookups are measured with: each layer has 500 files of its own in a folder near the root, and 500 below eight components.
/** Files of a set. */
const FILES = 500;
/** Names of every layer are as long, so that layers differ in nothing but their number. */
const three = (layer: number): string => String(layer).padStart(3, '0');
const shallow = (layer: number, k: number): string => `/usr/lib/libl${three(layer)}_${k}.so`;
const deep = (layer: number, k: number): string => `/a/b/c/d/e/f/g/n${three(layer)}_${k}`;
const each = (make: (k: number) => string): string[] => Array.from({ length: FILES }, (_, k) => make(k));

export const layerPaths = (layer: number): string[] => [...each((k) => shallow(layer, k)), ...each((k) => deep(layer, k))];

export const setNames = ['top', 'bottom', 'miss', 'miss_dir', 'deep_top', 'deep_bottom', 'deep_miss'] as const;
export type SetName = typeof setNames[number];
/** The sets of eight components, which the aims are about. */
export const deepSets: readonly SetName[] = ['deep_top', 'deep_bottom', 'deep_miss'];

/** The paths looked up in an image of so many layers. */
export const pathSets = (layers: number): Record<SetName, string[]> => ({
  top: each((k) => shallow(layers - 1, k)), bottom: each((k) => shallow(0, k)), miss: each((k) => `/usr/lib/none_${k}.so`), miss_dir: each((k) => `/nodir${k}/x`),
  deep_top: each((k) => deep(layers - 1, k)), deep_bottom: each((k) => deep(0, k)), deep_miss: each((k) => `/a/b/c/d/e/f/g/none_${k}`),
});

/** How many of a set are there. */
export const expected = (set: SetName): number => (set.includes('miss') ? 0 : FILES);
