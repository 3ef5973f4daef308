// The mount table: which file system covers which directory, and with what restrictions.
import { EBUSY, EINVAL } from '../abi/index.ts';
import { FsEvents } from './events.ts';
import { PathCache } from './path-cache.ts';
import { treeChanged } from './tree-version.ts';
import type { FileSystem, Inode, Name } from './types.ts';

export interface MountOptions {
  readonly: boolean;
  nosuid: boolean;
  nodev: boolean;
  noexec: boolean;
}

const unrestricted: MountOptions = { readonly: false, nosuid: false, nodev: false, noexec: false };

let nextMountId = 20;

/** One mount: a directory (or, for a bind mount, any file) of a file system, seen at a place of another mount. */
export class Mount {
  readonly id: number = nextMountId++;
  readonly fs: FileSystem;
  readonly root: Inode;
  /** The first field of /proc/mounts. */
  readonly source: string;
  readonly options: MountOptions;
  /** The mount it lies on, and the covered inode there; undefined for the first mount and for detached ones. */
  on: { mount: Mount; inode: Inode; parent: Inode | undefined; name: Name | undefined } | undefined;

  constructor(fs: FileSystem, source: string = fs.type, options: Partial<MountOptions> = {}, root: Inode = fs.root) {
    this.fs = fs;
    this.source = source;
    this.root = root;
    this.options = { ...unrestricted, ...options };
  }

  get readonly(): boolean { return this.options.readonly || this.fs.readonly === true; }
}

/** All mounts of a container, in the order they were made. */
export class MountTable {
  readonly root: Mount;
  /** Where directory parts of paths lead; used by walks only. */
  readonly paths = new PathCache();
  /** Told of what happens to files. */
  readonly events = new FsEvents();
  readonly #covering = new Map<Inode, Mount[]>();
  readonly #all: Mount[];

  constructor(root: Mount) {
    this.root = root;
    this.#all = [root];
  }

  get all(): readonly Mount[] { return this.#all; }

  /** The mount that covers `inode` as seen through `mount`. */
  covering(mount: Mount, inode: Inode): Mount | undefined {
    return this.#covering.get(inode)?.find((m) => m.on?.mount === mount);
  }

  /** Puts `mount` over the place; a file goes over a file and a directory over a directory. */
  attach(mount: Mount, on: { mount: Mount; inode: Inode; parent?: Inode | undefined; name?: Name | undefined }): void {
    if (((mount.root.mode ^ on.inode.mode) & 0o040000) !== 0) throw EINVAL;
    mount.on = { mount: on.mount, inode: on.inode, parent: on.parent ?? on.inode.parent, name: on.name ?? on.inode.name };
    const here = this.#covering.get(on.inode);
    if (here) here.unshift(mount);
    else this.#covering.set(on.inode, [mount]);
    this.#all.push(mount);
    on.inode.covered = true;
    treeChanged();
  }

  /** Takes a mount away; EBUSY when others lie on it. */
  detach(mount: Mount): void {
    if (!mount.on) throw EINVAL;
    if (this.#all.some((m) => m.on?.mount === mount)) throw EBUSY;
    const left = this.#covering.get(mount.on.inode)!.filter((m) => m !== mount);
    if (left.length > 0) this.#covering.set(mount.on.inode, left);
    else this.#covering.delete(mount.on.inode);
    this.#all.splice(this.#all.indexOf(mount), 1);
    mount.on = undefined;
    treeChanged();
  }

  /** Whether anything is mounted on the inode: it can then be neither removed nor renamed. */
  isMountpoint(inode: Inode): boolean { return this.#covering.has(inode); }
}
