// A directory of the host, or one file, as a file system. The host may change it at any time, so nothing is remembered of its names; what the host cannot keep of a file lies beside (kept-attributes.ts).
import { EIO, errnoByName, Errno, NAME_MAX, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import type { HostStat, HostTree } from '../host/ports.ts';
import { HostHandles } from './host-handles.ts';
import { HostInode } from './host-inode.ts';
import type { Kept, KeptAttributes } from './kept-attributes.ts';
import { anonymousDev } from './tmpfs.ts';
import type { FileSystem, FsStat, Name } from './types.ts';

/** Owners that are nobody a container knows. */
const NOBODY = 65534;
/** Permission bits that the host is given: set-user-id and set-group-id would count for the host's users. */
const HOST_BITS = 0o1777;

const typeOf = (mode: number): number => mode & S_IFMT;
/** Fifos, sockets and devices that containers make are empty regular files of the host. */
const hasHostType = (mode: number): boolean => [S_IFREG, S_IFDIR, S_IFLNK].includes(typeOf(mode));

/** Makes errnos of the host's errors. */
export function onHost<T>(call: () => T): T {
  try { return call(); } catch (error) {
    const code = error instanceof Errno ? undefined : (error as { code?: unknown }).code;
    throw typeof code === 'string' ? errnoByName(code) ?? EIO : error;
  }
}

/** An inode number; one beyond 2^53 is folded. */
export const numberOf = (ino: bigint): number => (ino <= 0x1f_ffff_ffff_ffffn ? Number(ino) : Number(BigInt.asUintN(53, ino ^ (ino >> 53n))));

/** Only a plain file of the host can stand for one of another type: a device or a pipe of the host is never opened as a file. */
function modeOf(hostMode: number, kept: Kept | undefined): number {
  if (kept?.mode === undefined || (typeOf(kept.mode) !== typeOf(hostMode) && typeOf(hostMode) !== S_IFREG)) return hostMode;
  return kept.hostMode === hostMode ? kept.mode : typeOf(kept.mode) | (hostMode & 0o7777);
}

export interface Shown { readonly mode: number; readonly uid: number; readonly gid: number }

export interface HostFsOptions {
  /** A clock in nanoseconds. */
  readonly now: () => bigint;
  /** What the host cannot keep. */
  readonly kept: KeptAttributes;
  /** The files are ours alone: the user who runs us keeps the right to read and write them, whatever modes programs give them. */
  readonly own?: boolean;
}

export class HostFs implements FileSystem {
  readonly type = 'hostfs';
  readonly dev = anonymousDev();
  readonly tree: HostTree;
  readonly now: () => bigint;
  readonly kept: KeptAttributes;
  readonly handles: HostHandles;
  readonly root: HostInode;
  /** Counts changes made here. */
  changes = 0;
  readonly #own: boolean;
  /** Device numbers here of the host's devices. */
  readonly #devs = new Map<bigint, number>();
  /** By device and number, for as long as anything refers to them. */
  readonly #inodes = new Map<bigint, Map<bigint, WeakRef<HostInode>>>();
  readonly #forgotten = new FinalizationRegistry<{ readonly dev: bigint; readonly ino: bigint }>(({ dev, ino }) => { if (!this.#inodes.get(dev)?.get(ino)?.deref()) this.#inodes.get(dev)?.delete(ino); });
  /** Files that are no files of the host live in those who use them: fifos, bound sockets. */
  readonly #special = new Set<HostInode>();
  /** A file that was just made, and is open for whoever made it. */
  #made: { readonly inode: HostInode; readonly descriptor: number } | undefined;

  constructor(tree: HostTree, { now, kept, own = false }: HostFsOptions) {
    this.tree = tree;
    this.now = now;
    this.kept = kept;
    this.#own = own;
    this.handles = new HostHandles(tree);
    const stat = onHost(() => tree.stat(tree.root));
    this.#devs.set(stat.dev, this.dev);
    this.root = new HostInode(this, stat, undefined, undefined);
    this.#remember(stat, this.root);
  }

  devOf(dev: bigint): number {
    let known = this.#devs.get(dev);
    if (known === undefined) this.#devs.set(dev, known = anonymousDev());
    return known;
  }

  /** The inode of what was found under a name. */
  inodeOf(stat: HostStat, parent: HostInode, name: Name): HostInode {
    const known = this.#inodes.get(stat.dev)?.get(stat.ino)?.deref();
    if (!known?.isSame(stat)) {
      const inode = new HostInode(this, stat, parent, name);
      this.#remember(stat, inode);
      return inode;
    }
    known.saw(stat);
    if (known !== this.root) known.foundIn(parent, name);
    return known;
  }

  #remember(stat: HostStat, inode: HostInode): void {
    const { dev, ino } = stat;
    const numbers = this.#inodes.get(dev) ?? new Map<bigint, WeakRef<HostInode>>();
    this.#inodes.set(dev, numbers);
    numbers.set(ino, new WeakRef(inode));
    this.#forgotten.register(inode, { dev, ino });
    if (!hasHostType(inode.mode)) this.#special.add(inode);
  }

  /** The last name of a file is gone: its number may come again. */
  forget(inode: HostInode, { dev, ino }: HostStat): void {
    this.#inodes.get(dev)?.delete(ino);
    this.#special.delete(inode);
  }

  /** Mode and owners as programs see them. The user who runs us is the container's root, unless that is the host's root. */
  shown(stat: HostStat, kept: Kept | undefined): Shown {
    const { user } = this.tree;
    const hostMode = Number(stat.mode);
    const mode = modeOf(hostMode, kept);
    const [uid, gid] = [Number(stat.uid), Number(stat.gid)];
    if (user.uid === 0) return { mode, uid: kept?.uid ?? uid, gid: kept?.gid ?? gid };
    return { mode, uid: kept?.uid ?? (uid === user.uid ? 0 : NOBODY), gid: kept?.gid ?? (gid === user.gid ? 0 : NOBODY) };
  }

  /** Whether files can be given to others on the host. */
  get givesOwners(): boolean { return this.tree.user.uid === 0; }

  /** Permission bits that a file of this mode has on the host. */
  modeOnHost(mode: number): number {
    if (!hasHostType(mode)) return 0o600;
    const rights = this.#own && !this.givesOwners ? (typeOf(mode) === S_IFDIR ? 0o700 : 0o600) : 0;
    return (mode & HOST_BITS) | rights;
  }

  /** What the host does not show of what was asked for. `now`: what is kept so far. */
  besideHost(stat: HostStat, now: Kept | undefined, { mode, uid, gid }: Shown, rdev = now?.rdev): Kept {
    const plain = this.shown(stat, undefined);
    const xattrs = now?.xattrs;
    return {
      ...(mode === plain.mode ? {} : { mode, hostMode: Number(stat.mode) }), ...(uid === plain.uid ? {} : { uid }), ...(gid === plain.gid ? {} : { gid }), ...(rdev ? { rdev } : {}), ...(xattrs ? { xattrs } : {}),
    };
  }

  setMade(inode: HostInode, descriptor: number): void {
    this.dropMade();
    this.#made = { inode, descriptor };
  }

  /** The descriptor that made the file, if it was the last one that was made. */
  takeMade(inode: HostInode): number | undefined {
    if (this.#made?.inode !== inode) return undefined;
    const { descriptor } = this.#made;
    this.#made = undefined;
    return descriptor;
  }

  dropMade(): void {
    if (this.#made) this.tree.release(this.#made.descriptor);
    this.#made = undefined;
  }

  statfs(): FsStat { return { ...onHost(() => this.tree.statfs()), nameMax: NAME_MAX }; }

  sync(): void {
    this.kept.sync();
    onHost(() => this.tree.syncAll());
  }

  close(): void {
    this.dropMade();
    this.handles.close();
    this.tree.close();
  }
}
