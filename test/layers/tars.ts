// Tars made in memory for the tests of layers and archives, and blobs over bytes.
import tar, { type Header } from 'tar-stream';
import type { Blob } from '../../src/host/ports.ts';

export interface Member { name: string; type?: Header['type']; mode?: number; uid?: number; gid?: number; linkname?: string; content?: string | Uint8Array; pax?: Record<string, string>; mtime?: Date; devmajor?: number; devminor?: number }

/** A tar of these members, as bytes. */
export async function tarOf(members: readonly Member[]): Promise<Uint8Array> {
  const pack = tar.pack();
  const chunks: Uint8Array[] = [];
  const done = (async () => { for await (const chunk of pack) chunks.push(chunk as Uint8Array); })();
  for (const { content, ...header } of members) {
    const bytes = content === undefined ? undefined : Buffer.from(content);
    const full = { mtime: new Date(1_700_000_000_000), ...header, size: bytes?.length ?? 0 };
    await new Promise<void>((resolve, reject) => {
      const finished = (error?: Error | null): void => (error ? reject(error) : resolve());
      if (bytes) pack.entry(full, bytes, finished);
      else pack.entry(full, finished);
    });
  }
  pack.finalize();
  await done;
  return Buffer.concat(chunks);
}

export const blobOf = (bytes: Uint8Array): Blob => ({
  size: bytes.length,
  read(into, offset) {
    const piece = bytes.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  },
});
