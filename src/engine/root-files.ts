// Reading whole small files of a root file system before a container starts.
import { Errno, O_RDONLY } from '../abi/index.ts';
import { Wait } from '../base/index.ts';
import { Credentials } from '../linux/index.ts';
import { bindAll, type BindMount } from '../machine/index.ts';
import { type FileSystem, Mount, MountTable, operations, type Place, type WalkContext } from '../vfs/index.ts';

/** Configuration files larger than this are not read whole. */
const LIMIT = 1 << 20;

/** A whole tree as root sees it, with nothing but these mounts. Throws MountError. */
export function rootOf(fs: FileSystem, bound: readonly BindMount[] = []): { context: WalkContext; root: Place } {
  const mounts = new MountTable(new Mount(fs));
  bindAll(mounts, bound);
  const root: Place = { mount: mounts.root, inode: mounts.root.root };
  return { context: contextOf(mounts, root), root };
}

/** A file's text (UTF-8) as seen with these mounts, or '' when there is none. Throws MountError. */
export const readText = (fs: FileSystem, path: string, bound: readonly BindMount[] = []): string => textIn(rootOf(fs, bound), path);

/** The same in a container that runs. */
export function readTextIn(mounts: MountTable, path: string): string {
  const root: Place = { mount: mounts.root, inode: mounts.root.root };
  return textIn({ context: contextOf(mounts, root), root }, path);
}

const contextOf = (mounts: MountTable, root: Place): WalkContext => ({ root, cwd: root, mounts, credentials: Credentials.of(0, 0).forFiles });

function textIn({ context, root }: ReturnType<typeof rootOf>, path: string): string {
  try {
    const { place } = operations.open(context, root, path, O_RDONLY, 0);
    const file = place.inode.open?.(O_RDONLY);
    const bytes = new Uint8Array(Math.min(LIMIT, place.inode.stat().size));
    const count = file?.read?.(bytes, 0, true) ?? 0;
    file?.close?.();
    return new TextDecoder().decode(bytes.subarray(0, count instanceof Wait ? 0 : count));
  } catch (error) {
    if (error instanceof Errno) return '';
    throw error;
  }
}
