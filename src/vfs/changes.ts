// What an overlay's tree has that its lower tree has not, and the other way round: the changes that `diff` lists and a layer is made of.
import { S_IFDIR, S_IFMT } from '../abi/index.ts';
import { LayeredEntries, type LowerTree, visibleIno } from './overlay.ts';
import type { TmpInode } from './tmpfs.ts';
import type { Name } from './types.ts';

/**
 * One path that differs. Directories on the way to a change are listed too, as modified. A directory that was moved is a deleted name and an added subtree.
 * All names of a file that is listed are listed, so that hard links can be written as such: names of one file have the same inode.
 */
export interface Change {
  /** Latin1 bytes, relative, without a leading slash; '' is the root, which is listed only when its mode, owner or xattrs differ. */
  readonly path: string;
  readonly kind: 'added' | 'modified' | 'deleted';
  /** What lies there now; absent when deleted. */
  readonly inode?: TmpInode;
  /** Nothing differs at this path: it is listed as another name of a file that is, or as a directory on the way to one. */
  readonly same?: true;
  /** A directory that differs in its time, or is another one with the same rights, owner and xattrs. */
  readonly alike?: true;
}

/** Compares path by path: attributes, times of change, xattrs, content and names; not the time of the last access. Parents come before children, names of a directory sorted by bytes. `unplaced`: inodes of the lower tree that may have changed and that no lookup has found yet. */
export function changesOf(root: TmpInode, lower: LowerTree, unplaced: ReadonlySet<number> = new Set()): Change[] {
  const comparison = new Comparison(lower, unplaced, new Set());
  const changes = comparison.directory(root, 0, '');
  const linked = new Set(changes.flatMap(({ inode }) => (inode && !inode.isDirectory && inode.nlink > 1 && comparison.isLower(inode) ? [inode.ino] : [])));
  const all = linked.size === 0 ? changes : new Comparison(lower, new Set([...unplaced, ...linked]), linked).directory(root, 0, '');
  return comparison.sameIdentity(root, 0) ? all : [{ path: '', kind: 'modified', inode: root }, ...all];
}

const byBytes = (a: Name, b: Name): number => (a < b ? -1 : a > b ? 1 : 0);

class Comparison {
  readonly #lower: LowerTree;
  /** Inodes of the lower tree to look for in directories that nobody looked into. */
  readonly #sought: ReadonlySet<number>;
  /** Those of them whose every name is wanted. */
  readonly #linked: ReadonlySet<number>;

  constructor(lower: LowerTree, sought: ReadonlySet<number>, linked: ReadonlySet<number>) {
    this.#lower = lower;
    this.#sought = sought;
    this.#linked = linked;
  }

  isLower(inode: TmpInode): boolean { return inode.ino < visibleIno(this.#lower.count); }

  /** Changes below `directory`, where `was` is the lower directory of the same path, or -1. */
  directory(directory: TmpInode, was: number, prefix: string): Change[] {
    const changes: Change[] = [];
    for (const name of this.#names(directory, was)) this.#name(directory, was, prefix, name, changes);
    return changes;
  }

  #name(directory: TmpInode, was: number, prefix: string, name: Name, changes: Change[]): void {
    const before = was < 0 ? -1 : this.#lower.lookup(was, name);
    const inode = directory.entries!.get(name);
    const path = prefix + name;
    if (!inode) {
      if (before >= 0) changes.push({ path, kind: 'deleted' });
      return;
    }
    const below = inode.isDirectory ? this.directory(inode, this.#isDirectory(before) ? before : -1, `${path}/`) : [];
    const same = before >= 0 && this.#same(inode, before);
    if (same && below.length === 0 && !this.#linked.has(inode.ino)) return;
    const alike = !same && inode.isDirectory && this.#isDirectory(before) && this.#sameAttributes(inode, before);
    changes.push({ path, kind: before < 0 ? 'added' : 'modified', inode, ...(same && below.every((change) => change.same) ? { same } : {}), ...(alike ? { alike } : {}) });
    for (const change of below) changes.push(change);
  }

  #isDirectory(number: number): boolean { return number >= 0 && (this.#lower.attributes(number).mode & S_IFMT) === S_IFDIR; }

  /** The names worth comparing. */
  #names(directory: TmpInode, was: number): Name[] {
    const { entries } = directory;
    const untouched = entries instanceof LayeredEntries && directory.ino === visibleIno(was);
    if (untouched && this.#sought.size === 0) return [...entries.touched()].sort(byBytes);
    const now = entries!.list().filter((e) => !untouched || e.type === S_IFDIR || this.#sought.has(e.ino)).map((e) => e.name);
    const before = untouched ? entries.touched() : was < 0 ? [] : this.#lower.list(was).map((e) => e.name);
    return [...new Set([...now, ...before])].sort(byBytes);
  }

  #same(inode: TmpInode, number: number): boolean {
    return this.sameIdentity(inode, number) && inode.mtimeNs === this.#lower.attributes(number).mtimeNs && !inode.data?.changed;
  }

  /** The same file with the same mode, owner and xattrs. */
  sameIdentity(inode: TmpInode, number: number): boolean { return inode.ino === visibleIno(number) && this.#sameAttributes(inode, number); }

  #sameAttributes(inode: TmpInode, number: number): boolean {
    const was = this.#lower.attributes(number);
    return inode.mode === was.mode && inode.uid === was.uid && inode.gid === was.gid && sameXattrs(inode, this.#lower.xattrs(number) ?? new Map());
  }
}

function sameXattrs(inode: TmpInode, was: Map<string, Uint8Array>): boolean {
  const names = inode.listxattr();
  return names.length === was.size && names.every((name) => sameBytes(inode.getxattr(name)!, was.get(name)));
}

const sameBytes = (a: Uint8Array, b: Uint8Array | undefined): boolean => a.length === b?.length && a.every((byte, i) => byte === b[i]);
