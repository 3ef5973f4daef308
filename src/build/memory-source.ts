// Bytes as a regular file of root.
import { S_IFREG } from '../abi/index.ts';
import { FileData, TmpFs, type TmpInode } from '../vfs/index.ts';

/** `mode`: permission bits. */
export function memoryFile(bytes: Uint8Array, mode = 0o644): TmpInode {
  const fs = new TmpFs({ now: () => 0n, rootMode: 0o755 });
  const read = (into: Uint8Array, offset: number): number => {
    const piece = bytes.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  };
  return fs.root.create('file', { mode: S_IFREG | mode, uid: 0, gid: 0, data: new FileData(fs.store, { size: bytes.length, read }) });
}
