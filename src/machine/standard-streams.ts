// Standard input, output and error as open files over the host's streams.
import { EAGAIN, EBADF, O_RDONLY, O_WRONLY } from '../abi/index.ts';
import { Wait, WaitQueue } from '../base/index.ts';
import type { Sink, Streams } from '../host/ports.ts';
import { anonymousInode, Description } from '../linux/index.ts';
import type { FdTable } from '../linux/index.ts';
import { POLLHUP, POLLIN, POLLOUT } from '../vfs/index.ts';
import type { Inode, OpenFile } from '../vfs/index.ts';

/** What the host shows or stores: writes never block. */
class SinkFile implements OpenFile {
  readonly stream = true;
  readonly inode: Inode;
  readonly #sink: Sink;
  constructor(inode: Inode, sink: Sink) { this.inode = inode; this.#sink = sink; }
  write(from: Uint8Array): number { this.#sink(from.slice()); return from.length; }
  read(): number { throw EBADF; }
  poll(): number { return POLLOUT; }
}

/** What the host feeds in, until it says that the input has ended. */
class SourceFile implements OpenFile {
  readonly stream = true;
  readonly inode: Inode;
  readonly changed = new WaitQueue();
  readonly #chunks: Uint8Array[] = [];
  #ended = false;

  constructor(inode: Inode, source: Streams['stdin']) {
    this.inode = inode;
    if (source) source((bytes) => { this.#take(bytes); });
    else this.#ended = true;
  }

  #take(bytes: Uint8Array | null): void {
    if (bytes === null) this.#ended = true;
    else if (bytes.length > 0) this.#chunks.push(bytes);
    this.changed.wake();
  }

  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    let done = 0;
    while (done < into.length && this.#chunks.length > 0) done += this.#shift(into.subarray(done));
    if (done > 0 || this.#ended || into.length === 0) return done;
    if (nonblock) throw EAGAIN;
    return new Wait([this.changed]);
  }

  #shift(into: Uint8Array): number {
    const chunk = this.#chunks[0]!;
    const count = Math.min(into.length, chunk.length);
    into.set(chunk.subarray(0, count));
    if (count === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
    return count;
  }

  /** FIONREAD. */
  available(): number { return this.#chunks.reduce((sum, c) => sum + c.length, 0); }
  write(): number { throw EBADF; }
  poll(): number { return (this.#chunks.length > 0 || this.#ended ? POLLIN : 0) | (this.#ended && this.#chunks.length === 0 ? POLLHUP : 0); }
}

/** Opens the host's streams as descriptors 0, 1 and 2. They look like pipes, as Docker's do. */
export function openStreams(files: FdTable, streams: Streams): void {
  files.add(new Description(new SourceFile(anonymousInode('pipe'), streams.stdin?.bind(streams)), O_RDONLY));
  for (const sink of [streams.stdout, streams.stderr]) files.add(new Description(new SinkFile(anonymousInode('pipe'), sink), O_WRONLY));
}
