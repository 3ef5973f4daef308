// One file of a directory of the host (hostfs.ts): asked of the host at every call, changed there, and beside where the host cannot keep it.
import { EEXIST, EINVAL, EISDIR, ENODATA, ENOENT, ENOTDIR, ENXIO, EPERM, NAME_MAX, O_ACCMODE, O_RDONLY, O_WRONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, XATTR_CREATE, XATTR_REPLACE } from '../abi/index.ts';
import { latin1, latin1Bytes } from '../base/index.ts';
import type { HostStat } from '../host/ports.ts';
import { HostFile } from './host-file.ts';
import { type HostFs, numberOf, onHost } from './hostfs.ts';
import type { Kept } from './kept-attributes.ts';
import type { CreateAttr, DirEntry, Inode, Name, OpenFile, SetAttr, Stat } from './types.ts';

/** What the host said a moment ago still holds: a call looks a file up and then asks for its attributes. Nanoseconds. */
const MOMENT_NS = 10_000n;

const typeOf = (mode: number): number => mode & S_IFMT;

/** A time that was set, and what the host kept of it. */
interface SetTime { readonly wanted: bigint; readonly kept: bigint }
const exact = (set: SetTime | undefined, host: bigint): bigint => (set?.kept === host ? set.wanted : host);

/** A stat of the host with another count of names: its fields are a prototype's in some versions of Node. */
const withLinks = (stat: HostStat, nlink: bigint): HostStat => {
  const { dev, ino, mode, uid, gid, rdev, size, blocks, atimeNs, mtimeNs, ctimeNs, birthtimeNs } = stat;
  return { dev, ino, mode, nlink, uid, gid, rdev, size, blocks, atimeNs, mtimeNs, ctimeNs, birthtimeNs };
};

export class HostInode implements Inode {
  readonly fs: HostFs;
  readonly ino: number;
  parent: HostInode | undefined;
  name: Name | undefined;
  covered = false;
  mode = 0;
  uid = 0;
  gid = 0;
  #stat: HostStat;
  #kept: Kept | undefined;
  #seenNs = 0n;
  #seenChanges = -1;
  #removed = false;
  readonly #open = new Set<HostFile>();
  #atime: SetTime | undefined;
  #mtime: SetTime | undefined;

  constructor(fs: HostFs, stat: HostStat, parent: HostInode | undefined, name: Name | undefined) {
    this.fs = fs;
    this.ino = numberOf(stat.ino);
    this.parent = parent;
    this.name = name;
    this.#stat = stat;
    this.saw(stat);
  }

  /** What the host tells of it now. */
  saw(stat: HostStat): void {
    this.#stat = stat;
    this.#seenNs = this.fs.now();
    if (!this.#removed) this.#kept = this.fs.kept.of(stat, this.#seenNs);
    ({ mode: this.mode, uid: this.uid, gid: this.gid } = this.fs.shown(stat, this.#kept));
    this.#seenChanges = this.fs.changes;
  }

  isSame(stat: HostStat): boolean {
    const own = this.#stat;
    return stat.ino === own.ino && stat.dev === own.dev && stat.birthtimeNs === own.birthtimeNs && typeOf(Number(stat.mode)) === typeOf(Number(own.mode));
  }

  /** In bytes, when the host was last asked. */
  get knownSize(): number { return Number(this.#stat.size); }

  /** A directory that the host moved into itself, as known here, has lost the way to the top. */
  foundIn(parent: HostInode, name: Name): void {
    this.name = name;
    if (this.parent === parent) return;
    for (let at: HostInode | undefined = parent; at && this.isDirectory; at = at.parent) if (at.parent === this) at.parent = undefined;
    this.parent = parent;
  }

  get isDirectory(): boolean { return typeOf(this.mode) === S_IFDIR; }

  /** Asks the host, unless it was asked a moment ago. */
  #fresh(): HostStat {
    if (this.#seenChanges === this.fs.changes && this.fs.now() - this.#seenNs < MOMENT_NS) return this.#stat;
    const stat = this.#ask();
    this.saw(!stat || (this.#removed && this.isDirectory) ? withLinks(stat ?? this.#stat, 0n) : stat);
    return this.#stat;
  }

  #ask(): HostStat | undefined {
    const { tree, handles } = this.fs;
    const handle = this.#descriptor() ?? handles.peek(this);
    if (handle !== undefined) return onHost(() => tree.stat(handle));
    if (this === this.fs.root) return onHost(() => tree.stat(tree.root));
    if (!this.parent || this.name === undefined) return this.#stat;
    try {
      const stat = onHost(() => tree.statAt(this.parent!.handle(), this.name!));
      return stat && this.isSame(stat) ? stat : undefined;
    } catch (error) {
      if (error === ENOENT || error === ENOTDIR) return undefined;
      throw error;
    }
  }

  #descriptor(): number | undefined {
    for (const file of this.#open) return file.descriptor;
    return undefined;
  }

  /** A handle that stands for this file and no other, whatever its name is now. Throws ENOENT when it cannot be found any more. */
  handle(): number {
    const { tree, handles } = this.fs;
    if (this === this.fs.root) return tree.root;
    const known = handles.get(this) ?? (this.isDirectory ? undefined : this.#descriptor());
    if (known !== undefined) return known;
    const { parent, name } = this;
    if (!parent || name === undefined) throw ENOENT;
    const handle = onHost(() => tree.handle(parent.handle(), name));
    if (!this.isSame(onHost(() => tree.stat(handle)))) {
      tree.release(handle);
      throw ENOENT;
    }
    handles.set(this, handle);
    return handle;
  }

  stat(): Stat {
    const host = this.#fresh();
    return {
      dev: this.fs.devOf(host.dev), ino: this.ino, mode: this.mode, nlink: Number(host.nlink), uid: this.uid, gid: this.gid, rdev: this.#kept?.rdev ?? Number(host.rdev), size: Number(host.size), blksize: 4096, blocks: Number(host.blocks),
      atimeNs: exact(this.#atime, host.atimeNs), mtimeNs: exact(this.#mtime, host.mtimeNs), ctimeNs: host.ctimeNs,
    };
  }

  /** Changes of content change ctime. */
  identity(): string | undefined {
    if (this.#open.size > 1 || typeOf(this.mode) !== S_IFREG) return undefined;
    const { dev, ino, size, ctimeNs } = this.#fresh();
    return `host:${dev}:${ino}:${size}:${ctimeNs}`;
  }

  setattr(change: SetAttr): void {
    const { tree } = this.fs;
    if (change.size !== undefined) this.#truncate(change.size);
    const { mode, uid, gid } = change;
    if (mode !== undefined || uid !== undefined || gid !== undefined) {
      this.#refresh();
      this.#give((mode === undefined ? this.mode : typeOf(this.mode) | (mode & 0o7777)), uid ?? this.uid, gid ?? this.gid);
    }
    const { atimeNs, mtimeNs } = change;
    if (atimeNs !== undefined || mtimeNs !== undefined) {
      const now = this.stat();
      onHost(() => tree.setTimes(this.handle(), atimeNs ?? now.atimeNs, mtimeNs ?? now.mtimeNs));
      this.#refresh();
      this.#atime = { wanted: atimeNs ?? now.atimeNs, kept: this.#stat.atimeNs };
      this.#mtime = { wanted: mtimeNs ?? now.mtimeNs, kept: this.#stat.mtimeNs };
    }
    this.changed();
  }

  /** What the host said before does not hold any more. */
  changed(): void { this.fs.changes++; }

  #refresh(): void {
    this.changed();
    this.#fresh();
  }

  #truncate(size: number): void {
    if (typeOf(this.mode) !== S_IFREG) throw this.isDirectory ? EISDIR : EINVAL;
    const { tree } = this.fs;
    const open = [...this.#open].find((file) => file.writes);
    const file = open?.descriptor ?? onHost(() => tree.open(this.handle(), O_WRONLY));
    try { onHost(() => tree.truncate(file, size)); } finally { if (!open) tree.release(file); }
    this.changed();
  }

  /** Gives it mode (with its type) and owners, as far as the host can keep them; the rest is kept beside. */
  #give(mode: number, uid: number, gid: number, rdev?: number): void {
    const { fs } = this;
    const { tree } = fs;
    const handle = this.handle();
    if (fs.givesOwners && (Number(this.#stat.uid) !== uid || Number(this.#stat.gid) !== gid)) this.#chown(handle, uid, gid);
    if (typeOf(mode) !== S_IFLNK) onHost(() => tree.chmod(handle, fs.modeOnHost(mode)));
    this.#refresh();
    this.#keep(fs.besideHost(this.#stat, this.#kept, { mode, uid, gid }, rdev));
    this.saw(this.#stat);
  }

  /** A file without a name is nobody else's any more. */
  #keep(kept: Kept): void {
    if (this.#removed) this.#kept = kept;
    else this.fs.kept.put(this.#stat, kept);
  }

  /** A root that may not give files away (in a namespace of its own) is like another user: the owners are kept beside. */
  #chown(handle: number, uid: number, gid: number): void {
    try { onHost(() => this.fs.tree.chown(handle, uid, gid)); } catch (error) { if (error !== EPERM && error !== EINVAL) throw error; }
  }

  /** Of a file that was just made: as it was asked for. */
  begin({ mode, uid, gid, rdev }: CreateAttr): void {
    if (this.mode !== mode || this.uid !== uid || this.gid !== gid || rdev) this.#give(mode, uid, gid, rdev);
  }

  open(flags: number): OpenFile {
    if (typeOf(this.mode) !== S_IFREG) throw this.isDirectory ? EISDIR : ENXIO;
    const { fs } = this;
    const descriptor = fs.takeMade(this) ?? onHost(() => fs.tree.open(this.handle(), flags & O_ACCMODE));
    const file = new HostFile(this, descriptor, flags, () => { this.#open.delete(file); });
    this.#open.add(file);
    return file;
  }

  readlink(): string {
    if (typeOf(this.mode) !== S_IFLNK || !this.parent) throw EINVAL;
    return onHost(() => this.fs.tree.readlink(this.parent!.handle(), this.name!));
  }

  #demandDirectory(): void { if (!this.isDirectory) throw ENOTDIR; }

  lookup(name: Name): HostInode | undefined {
    this.#demandDirectory();
    if (name.length > NAME_MAX) return undefined;
    const stat = onHost(() => this.fs.tree.statAt(this.handle(), name));
    return stat && this.fs.inodeOf(stat, this, name);
  }

  /** The host may forbid what the container's root may do. */
  demandReadable(): void {
    const { uid, mode } = this.#fresh();
    const { tree } = this.fs;
    if (Number(uid) !== tree.user.uid || (Number(mode) & 0o400) === 0) tree.release(onHost(() => tree.open(this.handle(), O_RDONLY)));
  }

  readdir(): DirEntry[] {
    this.#demandDirectory();
    const { fs } = this;
    const handle = this.handle();
    const now = fs.now();
    return onHost(() => fs.tree.list(handle)).flatMap((name) => {
      const stat = onHost(() => fs.tree.statAt(handle, name));
      return stat ? [{ name, ino: numberOf(stat.ino), type: typeOf(fs.shown(stat, fs.kept.of(stat, now)).mode) }] : [];
    });
  }

  create(name: Name, attr: CreateAttr): HostInode {
    this.#demandDirectory();
    const { fs } = this;
    const { tree } = fs;
    const handle = this.handle();
    const mode = fs.modeOnHost(attr.mode);
    const type = typeOf(attr.mode);
    let made: number | undefined;
    onHost(() => {
      if (type === S_IFDIR) tree.mkdir(handle, name, mode);
      else if (type === S_IFLNK) tree.symlink(handle, name, attr.target!);
      else made = tree.create(handle, name, mode);
    });
    fs.changes++;
    const stat = onHost(() => (made === undefined ? tree.statAt(handle, name) : tree.stat(made)));
    if (!stat) throw ENOENT;
    const inode = fs.inodeOf(stat, this, name);
    if (made !== undefined) fs.setMade(inode, made);
    inode.begin({ ...attr, mode: type === S_IFLNK ? S_IFLNK | 0o777 : attr.mode });
    if (type !== S_IFREG) fs.dropMade();
    return inode;
  }

  link(name: Name, target: HostInode): void {
    const { parent, name: known } = target;
    const there = parent && known !== undefined ? onHost(() => this.fs.tree.statAt(parent.handle(), known)) : undefined;
    if (!there || !target.isSame(there)) throw ENOENT;
    const to = this.handle();
    onHost(() => this.fs.tree.link(parent!.handle(), known!, to, name));
    this.fs.changes++;
  }

  unlink(name: Name, directory: boolean): void {
    const { fs } = this;
    const inode = this.lookup(name);
    if (!inode) throw ENOENT;
    onHost(() => fs.tree.unlink(this.handle(), name, directory));
    inode.lost(this, name);
  }

  /** The file has lost a name. */
  lost(parent: HostInode, name: Name): void {
    const { fs } = this;
    const nlink = this.isDirectory ? 0n : this.#stat.nlink - 1n;
    const made = fs.takeMade(this);
    if (made !== undefined) fs.tree.release(made);
    this.#removed = nlink <= 0n;
    if (this.#removed) fs.forget(this, this.#stat);
    if (this.#removed && this.#kept) fs.kept.put(this.#stat, {});
    fs.changes++;
    if (this.parent === parent && this.name === name && !this.isDirectory) this.parent = undefined;
    this.saw(withLinks(this.#stat, nlink));
  }

  rename(name: Name, newParent: HostInode, newName: Name): void {
    const inode = this.lookup(name);
    if (!inode) throw ENOENT;
    const replaced = newParent.lookup(newName);
    if (replaced === inode) return;
    const to = newParent.handle();
    onHost(() => this.fs.tree.rename(this.handle(), name, to, newName));
    replaced?.lost(newParent, newName);
    inode.parent = newParent;
    inode.name = newName;
    this.fs.changes++;
  }

  #xattrs(): Readonly<Record<string, string>> {
    this.#fresh();
    return this.#kept?.xattrs ?? {};
  }

  getxattr(name: string): Uint8Array | undefined {
    const value = this.#xattrs()[name];
    return value === undefined ? undefined : latin1Bytes(value);
  }

  listxattr(): string[] { return Object.keys(this.#xattrs()); }

  setxattr(name: string, value: Uint8Array, flags: number): void {
    const there = Object.hasOwn(this.#xattrs(), name);
    if (flags & XATTR_CREATE && there) throw EEXIST;
    if (flags & XATTR_REPLACE && !there) throw ENODATA;
    this.#keepXattrs({ ...this.#xattrs(), [name]: latin1(value) });
  }

  removexattr(name: string): void {
    const { [name]: removed, ...left } = this.#xattrs();
    if (removed === undefined) throw ENODATA;
    this.#keepXattrs(left);
  }

  #keepXattrs(xattrs: Readonly<Record<string, string>>): void {
    const { xattrs: _, ...kept } = this.#kept ?? {};
    this.#keep({ ...kept, ...(Object.keys(xattrs).length > 0 ? { xattrs } : {}) });
    if (typeOf(this.mode) !== S_IFLNK) onHost(() => this.fs.tree.chmod(this.handle(), Number(this.#stat.mode) & 0o7777));
    this.#refresh();
  }

  /** The names of a directory are on the disk. */
  sync(): void {
    this.fs.kept.sync();
    onHost(() => this.fs.tree.syncDirectory(this.handle()));
  }
}
