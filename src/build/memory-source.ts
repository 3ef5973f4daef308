// Bytes as a regular file of root.
import { S_IFREG } from '../abi/index.ts';
import type { Blob } from '../host/ports.ts';
import { FileData, TmpFs, type TmpInode } from '../vfs/index.ts';

/** `mode`: permission bits. */
export function blobFile(blob: Blob, mode: number, mtimeNs = 0n): TmpInode {
  const fs = new TmpFs({ now: () => mtimeNs, rootMode: 0o755 });
  return fs.root.create('file', { mode: S_IFREG | mode, uid: 0, gid: 0, data: new FileData(fs.store, { size: blob.size, read: (into, offset) => blob.read(into, offset) }) });
}

export function memoryFile(bytes: Uint8Array, mode = 0o644): TmpInode {
  const read = (into: Uint8Array, offset: number): number => {
    const piece = bytes.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  };
  return blobFile({ size: bytes.length, read }, mode);
}
