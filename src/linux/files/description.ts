// Open file descriptions (open(2)): what dup and fork share: the file, its position, its status flags.
import { IN_CLOSE_NOWRITE, IN_CLOSE_WRITE, O_ACCMODE, O_APPEND, O_NONBLOCK, O_PATH, O_RDONLY, O_WRONLY } from '../../abi/index.ts';
import type { FsEvents, Inode, OpenFile, Place } from '../../vfs/index.ts';

/** fcntl(F_SETOWN_EX): who gets SIGIO. */
export interface Owner { type: number; pid: number }

export class Description {
  readonly file: OpenFile;
  /** Where it was opened; undefined for pipes, sockets and other files without a name. */
  readonly place: Place | undefined;
  /** O_* status flags and access mode (F_GETFL), without O_CLOEXEC and the creation flags. */
  flags: number;
  /** Byte position of the next read or write; of a directory, the index of the next entry. */
  position = 0;
  /** Told when it is closed: where files are watched. */
  events: FsEvents | undefined;
  owner: Owner = { type: 1, pid: 0 };
  signal = 0;
  #references = 0;
  readonly #onRelease = new Set<() => void>();

  constructor(file: OpenFile, flags: number, place?: Place) {
    this.file = file;
    this.flags = flags;
    this.place = place;
  }

  get inode(): Inode { return this.file.inode; }
  get nonblock(): boolean { return (this.flags & O_NONBLOCK) !== 0; }
  get append(): boolean { return (this.flags & O_APPEND) !== 0; }
  get pathOnly(): boolean { return (this.flags & O_PATH) !== 0; }
  get readable(): boolean { return !this.pathOnly && (this.flags & O_ACCMODE) !== O_WRONLY; }
  get writable(): boolean { return !this.pathOnly && (this.flags & O_ACCMODE) !== O_RDONLY; }

  retain(): this {
    this.#references++;
    return this;
  }

  /** Gives up one reference; the last one closes the file. */
  release(): void {
    if (--this.#references > 0) return;
    for (const listener of [...this.#onRelease]) listener();
    this.#onRelease.clear();
    this.file.close?.();
    this.#tellClose();
  }

  #tellClose(): void {
    if (!this.events || !this.place || this.pathOnly) return;
    this.events.happened(this.writable ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE, this.place);
    this.events.closed(this.inode);
  }

  /** Calls `listener` when the last reference goes; the returned function forgets it. */
  onRelease(listener: () => void): () => void {
    this.#onRelease.add(listener);
    return () => this.#onRelease.delete(listener);
  }
}
