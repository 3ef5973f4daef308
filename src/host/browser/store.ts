// The store's codecs in a page: SHA-256 in WebAssembly (crypto.subtle hashes only whole buffers), gzip and zstd by packages.
import { gunzip } from '../gunzip.ts';
import type { Codecs } from '../ports.ts';
import { Sha256 } from '../sha256.ts';
import { unzstd } from '../zstd.ts';

/** What the browser does itself. */
async function* gzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new CompressionStream('gzip');
  const writer = writable.getWriter();
  const feeding = (async () => {
    for await (const chunk of source) await writer.write(chunk as Uint8Array<ArrayBuffer>);
    await writer.close();
  })();
  feeding.catch((error: unknown) => writer.abort(error));
  const reader = readable.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  await feeding;
}

export const browserCodecs: Codecs = { sha256: () => new Sha256(), gunzip, gzip, unzstd };
