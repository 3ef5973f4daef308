// What can be done with the files of a container, whoever has them open: one row each.
import { S_IFMT, S_IFREG } from '../abi/index.ts';
import type { NewFile } from '../host/ports.ts';
import { diffLines, tarOfChanges, tarOfTree } from '../layers/index.ts';
import type { BindMount } from '../machine/index.ts';
import type { OverlayFs } from '../vfs/index.ts';
import { statPath, tarOfPath, unpackInto } from './copy-files.ts';

/** Bytes in, bytes out, beside arguments and a result (JSON values). */
export interface Streams {
  readonly input: AsyncIterable<Uint8Array>;
  send(bytes: Uint8Array): Promise<void>;
  /** A file aside, for what must be read at any place. */
  scratch(): NewFile;
}

/** The files of a container: its root file system, and what is mounted there. */
export interface ContainerTree { readonly fs: OverlayFs; readonly mounts: readonly BindMount[]; readonly readonlyRoot: boolean }

export type FileOperation = (tree: ContainerTree, args: Readonly<Record<string, unknown>>, streams: Streams) => Promise<unknown>;

async function sendAll(tar: AsyncIterable<Uint8Array>, { send }: Streams): Promise<void> { for await (const bytes of tar) await send(bytes); }

/** The content of changed files, in bytes; a file with several names counts once. */
function sizeOfChanges(fs: OverlayFs): number {
  const seen = new Set<number>();
  let bytes = 0;
  for (const { inode, same } of fs.changes()) {
    if (!inode || same || (inode.mode & S_IFMT) !== S_IFREG || seen.has(inode.ino)) continue;
    seen.add(inode.ino);
    bytes += inode.size;
  }
  return bytes;
}

export const fileOperations = {
  /** Result: DiffLine[]. */
  diff: async ({ fs }) => diffLines(fs.changes()),
  /** Sends a tar of the whole tree. `reuse`: pieces are no longer needed when `send` returns. */
  export: ({ fs }, { reuse }, streams) => sendAll(tarOfTree(fs.root, { reuse: reuse === true }), streams),
  /** Sends a tar of exactly the changes: a layer. `latestSec`: no file's time is later than that. */
  layer: ({ fs }, { latestSec, reuse }, streams) => sendAll(tarOfChanges(fs.root, fs.changes(), { reuse: reuse === true, ...(typeof latestSec === 'number' ? { latestSec } : {}) }), streams),
  /** What lies at `path`. Result: PathStat. */
  stat: async (tree, { path, follow }) => statPath(tree, String(path), follow === true),
  /** Sends a tar of what lies at `path`, under the name `as`. */
  archive: (tree, { path, follow, as }, streams) => sendAll(tarOfPath(tree, String(path), follow === true, String(as)), streams),
  /** Unpacks the tar that comes in, in the directory `path`. */
  unpack: (tree, { path, keepOwners }, { input, scratch }) => unpackInto(tree, String(path), input, scratch(), { keepOwners: keepOwners === true }),
  /** Result: bytes. */
  size: async ({ fs }) => sizeOfChanges(fs),
} as const satisfies Readonly<Record<string, FileOperation>>;

export type FileOperationName = keyof typeof fileOperations;

/** Those that change files. */
export const changingOperations: ReadonlySet<FileOperationName> = new Set(['unpack']);

/** Those that see what is mounted. */
export const mountedOperations: ReadonlySet<FileOperationName> = new Set(['stat', 'archive', 'unpack']);
