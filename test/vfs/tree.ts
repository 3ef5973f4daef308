// A tmpfs with a walk context, for tests of the virtual file system.
import { Errno } from '../../src/abi/index.ts';
import { type Credentials, Mount, MountTable, operations as op, type Place, rootCredentials, TmpFs, type FileSystem, type WalkContext, find } from '../../src/vfs/index.ts';

export interface Tree { context: WalkContext; root: Place; fs: FileSystem }

let time = 1_000_000_000_000_000_000n;
export const now = (): bigint => (time += 1000n);

export function treeOf(fs: FileSystem, credentials: Credentials = rootCredentials): Tree {
  const mount = new Mount(fs);
  const root: Place = { mount, inode: fs.root };
  return { fs, root, context: { mounts: new MountTable(mount), root, cwd: root, credentials } };
}

export const tmpTree = (): Tree => treeOf(new TmpFs({ now, rootMode: 0o755 }));

export const as = (tree: Tree, uid: number, gid: number, groups: number[] = []): Tree =>
  ({ ...tree, context: { ...tree.context, credentials: { uid, gid, groups, capabilities: 0 } } });

/** The errno a call throws, by name, or 'ok'. Anything else thrown is a failure of the test. */
export function errnoOf(call: () => unknown): string {
  try { call(); return 'ok'; } catch (error) {
    if (error instanceof Errno) return error.name;
    throw error;
  }
}

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

export function write(tree: Tree, path: string, text: string, mode = 0o644): void {
  const { place } = op.open(tree.context, tree.root, path, 0o1101, mode);
  const file = place.inode.open!(1);
  file.write!(bytes(text), 0, false);
  file.close?.();
}

export function read(tree: Tree, path: string): string {
  const { place } = op.open(tree.context, tree.root, path, 0, 0);
  const file = place.inode.open!(0);
  const into = new Uint8Array(place.inode.stat().size);
  const n = file.read!(into, 0, false) as number;
  file.close?.();
  return Buffer.from(into.subarray(0, n)).toString('latin1');
}

export const names = (tree: Tree, path: string): string => find(tree.context, tree.root, path).inode.readdir!().map((e) => e.name).sort().join(' ');
export const stat = (tree: Tree, path: string, follow = true) => find(tree.context, tree.root, path, { follow }).inode.stat();
