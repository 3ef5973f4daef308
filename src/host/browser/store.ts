// The store's codecs in a page: SHA-256 in WebAssembly (crypto.subtle hashes only whole buffers), gzip by the browser.
import type { Codecs } from '../ports.ts';
import { Sha256 } from '../sha256.ts';
import { unzstd } from '../zstd.ts';

export const browserCodecs: Codecs = {
  unzstd,
  sha256: () => new Sha256(),
  async *gunzip(source) {
    const iterator = source[Symbol.asyncIterator]();
    const input = new ReadableStream<BufferSource>({
      async pull(controller) {
        try {
          const { value, done } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(value as Uint8Array<ArrayBuffer>);
        } catch (error) { controller.error(error); }
      },
    });
    const reader = input.pipeThrough(new DecompressionStream('gzip')).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  },
};
