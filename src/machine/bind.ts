// Mounts that a container is given beside /proc, /dev and /sys: a file or directory of another file system, seen at a path of the container. Mount points that are missing are made.
import { ENOENT, Errno, S_IFDIR, S_IFMT } from '../abi/index.ts';
import { Credentials } from '../linux/index.ts';
import { find, Mount, type MountOptions, type MountTable, operations, type FileSystem, type Inode, type Place } from '../vfs/index.ts';

export interface BindMount {
  /** Absolute, latin1 bytes. */
  readonly path: string;
  readonly fs: FileSystem;
  /** Absent: the file system's root. */
  readonly inode?: Inode;
  /** The first field of /proc/mounts; the file system's type when absent. */
  readonly source?: string;
  readonly options?: Partial<MountOptions>;
}

/** A mount that cannot be made. */
export class MountError extends Error {
  readonly mount: BindMount;
  readonly errno: Errno;
  constructor(mount: BindMount, errno: Errno) { super(`${mount.path}: ${errno.name}`); this.mount = mount; this.errno = errno; }
}

/** Mounts all, in this order. Throws MountError when a path leads through something that is no directory, or ends in another type of file. */
export function bindAll(table: MountTable, mounts: readonly BindMount[]): void {
  for (const mount of mounts) {
    try { bind(table, mount); } catch (error) { throw error instanceof Errno ? new MountError(mount, error) : error; }
  }
}

function bind(mounts: MountTable, { path, fs, inode = fs.root, source = fs.type, options = {} }: BindMount): void {
  const root: Place = { mount: mounts.root, inode: mounts.root.root };
  const context = { root, cwd: root, mounts, credentials: Credentials.of(0, 0).forFiles };
  const names = path.split('/').filter((name) => name !== '');
  const isDirectory = (inode.mode & S_IFMT) === S_IFDIR;
  const place = names.reduce((_, __, i) => {
    const prefix = `/${names.slice(0, i + 1).join('/')}`;
    try { return find(context, root, prefix); } catch (error) { if (error !== ENOENT) throw error; }
    const isLast = i === names.length - 1;
    if (isLast && !isDirectory) operations.mknod(context, root, prefix, 0o100644, 0);
    else operations.mkdir(context, root, prefix, 0o755);
    return find(context, root, prefix);
  }, root);
  mounts.attach(new Mount(fs, source, options, inode), place);
}
