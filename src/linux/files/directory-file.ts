// Open directories and O_PATH files: an inode, and of a directory the list of entries that getdents64 walks through.
import { ENOENT, S_IFDIR } from '../../abi/index.ts';
import type { DirEntry, Inode, OpenFile, Place } from '../../vfs/index.ts';

/** An open file that only stands for its inode (O_PATH). */
export class PathFile implements OpenFile {
  readonly inode: Inode;
  constructor(inode: Inode) { this.inode = inode; }
}

export class DirectoryFile implements OpenFile {
  readonly inode: Inode;
  readonly #place: Place;
  #entries: DirEntry[] | undefined;

  constructor(place: Place) {
    this.inode = place.inode;
    this.#place = place;
  }

  /** The entries from index `from` on, "." and ".." first. Read anew whenever reading starts from 0. Throws ENOENT when the directory was removed. */
  entries(from: number): readonly DirEntry[] {
    if (from === 0 || !this.#entries) this.#entries = this.#read();
    return this.#entries.slice(from);
  }

  sync(): void {
    if (this.inode.sync) this.inode.sync();
    else this.inode.fs.sync?.();
  }

  #read(): DirEntry[] {
    if (this.inode.stat().nlink === 0) throw ENOENT;
    return [{ name: '.', ino: this.inode.ino, type: S_IFDIR }, { name: '..', ino: this.#parentIno(), type: S_IFDIR }, ...this.inode.readdir!()];
  }

  #parentIno(): number {
    const { mount } = this.#place;
    if (this.inode !== mount.root) return this.inode.parent?.ino ?? this.inode.ino;
    const on = mount.on?.inode;
    return on?.parent?.ino ?? on?.ino ?? this.inode.ino;
  }
}
