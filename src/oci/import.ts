// `import`: an image with one layer, made of the tar of a root file system.
import type { Codecs } from '../host/ports.ts';
import { tarOnly } from './archive.ts';
import { rfc3339 } from '../base/index.ts';
import { configDocument } from './commit.ts';
import { type Chunks, ratioLimit, uncompressed, type UnpackLimit } from './compression.ts';
import { ImageError } from './errors.ts';
import { changeConfig } from './instructions.ts';
import { demandPlatform } from './image.ts';
import type { Store } from './store.ts';
import type { Image } from './store-view.ts';

export interface ImportOptions {
  readonly names?: readonly string[];
  /** Dockerfile instructions. */
  readonly change?: readonly string[];
  readonly message?: string;
  /** os/architecture; linux/amd64 where absent. */
  readonly platform?: string;
  readonly createdNs: bigint;
  /** What a compressed tar may unpack to; 1 GiB and 100 times its size when absent. */
  readonly unpackLimit?: UnpackLimit;
  /** Told as bytes of the source are read. */
  readonly progress?: (bytes: number) => void;
}

/** Adds the image; the tar is kept byte for byte, uncompressed. Throws ImageError 'bad-archive', 'unsafe-layer', 'unsupported', 'bad-change', 'bad-reference', 'wrong-platform'. */
export async function importImage(store: Store, source: Chunks, codecs: Codecs, options: ImportOptions): Promise<Image> {
  const [os, architecture, ...rest] = (options.platform ?? 'linux/amd64').split('/');
  if (!os || rest.length > 1) throw new ImageError('wrong-platform', `${JSON.stringify(options.platform)}: invalid platform`);
  const platform = { architecture: architecture || 'amd64', os };
  demandPlatform({ ...platform, rootfs: { type: 'layers', diff_ids: [] } });
  const config = changeConfig({}, options.change ?? []);
  const layer = await store.newLayer(tarOnly(uncompressed(counted(source, options.progress ?? (() => {})), { codecs, limit: options.unpackLimit ?? ratioLimit })));
  const created = rfc3339(options.createdNs);
  const configBytes = configDocument({
    ...platform, created, config, rootfs: { type: 'layers', diff_ids: [layer.diffId] }, history: [{ created, comment: options.message ?? 'Imported from -' }],
  });
  try { return store.put({ configBytes, layers: [layer], names: options.names ?? [] }); } catch (error) {
    if (!(error instanceof Error) || error.name !== 'LayerError') throw error;
    throw new ImageError((error as { code?: string }).code === 'unsafe-entry' ? 'unsafe-layer' : 'bad-archive', error.message);
  }
}

async function* counted(source: Chunks, progress: (bytes: number) => void): Chunks {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    yield chunk;
    progress(bytes);
  }
}
