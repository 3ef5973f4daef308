// The store's codecs in a page: SHA-256 in WebAssembly (crypto.subtle hashes only whole buffers), gzip and zstd by packages.
import { gunzip } from '../gunzip.ts';
import type { Codecs } from '../ports.ts';
import { Sha256 } from '../sha256.ts';
import { unzstd } from '../zstd.ts';

export const browserCodecs: Codecs = { sha256: () => new Sha256(), gunzip, unzstd };
