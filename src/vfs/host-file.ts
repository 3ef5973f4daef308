// An open regular file of the host.
import { EOPNOTSUPP, O_APPEND, O_RDWR, O_WRONLY, O_ACCMODE } from '../abi/index.ts';
import type { HostInode } from './host-inode.ts';
import { onHost } from './hostfs.ts';
import type { OpenFile } from './types.ts';

const PIECE = 1 << 20;

export class HostFile implements OpenFile {
  readonly inode: HostInode;
  readonly descriptor: number;
  readonly writes: boolean;
  readonly #appends: boolean;
  readonly #closed: () => void;
  /** The same file, open for appending. */
  #appender: number | undefined;
  #isOpen = true;

  constructor(inode: HostInode, descriptor: number, flags: number, closed: () => void) {
    this.inode = inode;
    this.descriptor = descriptor;
    this.writes = [O_WRONLY, O_RDWR].includes(flags & O_ACCMODE);
    this.#appends = (flags & O_APPEND) !== 0;
    this.#closed = closed;
  }

  read(into: Uint8Array, position: number): number { return onHost(() => this.inode.fs.tree.read(this.descriptor, into, position)); }

  /** What a file that was opened for appending gets at its end lies behind what other processes appended meanwhile. */
  write(from: Uint8Array, position: number): number {
    const { tree } = this.inode.fs;
    if (from.length === 0) return 0;
    const written = onHost(() => tree.write(this.#appends && position === this.inode.knownSize ? this.#appending() : this.descriptor, from, position));
    this.inode.changed();
    return written;
  }

  #appending(): number {
    const { tree } = this.inode.fs;
    return this.#appender ??= tree.open(this.descriptor, O_WRONLY | O_APPEND);
  }

  truncate(size: number): void {
    onHost(() => this.inode.fs.tree.truncate(this.descriptor, size));
    this.inode.changed();
  }

  /** Node has no fallocate(2): what lies beyond the end is written. Of a file with holes nobody can tell where they are. */
  reserve(from: number, to: number): void {
    const { size, blocks } = this.inode.stat();
    if (from < size && blocks * 512 < Math.min(size, to)) throw EOPNOTSUPP;
    const zeros = new Uint8Array(Math.min(PIECE, Math.max(0, to - size)));
    for (let at = Math.max(from, size); at < to;) at += this.write(zeros.subarray(0, Math.min(zeros.length, to - at)), at);
  }

  sync(): void {
    const { fs } = this.inode;
    fs.kept.sync();
    onHost(() => fs.tree.sync(this.descriptor));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { tree } = this.inode.fs;
    tree.release(this.descriptor);
    if (this.#appender !== undefined) tree.release(this.#appender);
    this.#closed();
  }
}
