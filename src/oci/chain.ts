// Chain IDs: what names the stack of an image's layers up to each of them (image-spec config.md).
import type { Codecs } from '../host/ports.ts';
import type { Digest } from './image.ts';
import { CHAINS } from './layout.ts';

const encoder = new TextEncoder();

export function sha256Of(bytes: Uint8Array, codecs: Codecs): Digest {
  const hash = codecs.sha256();
  hash.update(bytes);
  return `sha256:${hash.hex()}`;
}

/** One chain ID a layer, lowest first; none for an image without layers. */
export function chainIds(diffIds: readonly Digest[], codecs: Codecs): Digest[] {
  const chains: Digest[] = [];
  for (const diffId of diffIds) {
    const parent = chains.at(-1);
    chains.push(parent === undefined ? diffId : sha256Of(encoder.encode(`${parent} ${diffId}`), codecs));
  }
  return chains;
}

/** Where the merged view of these layers lies. */
export const chainFolder = (diffIds: readonly Digest[], codecs: Codecs): string => `${CHAINS}/${chainIds(diffIds, codecs).at(-1)?.slice(7) ?? 'scratch'}`;
