// The standard streams of a container without a terminal: its input as it arrives from the host, its output as it goes there.
import { EAGAIN, O_RDONLY, O_WRONLY } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import type { Sink, Streams, Taken } from '../../host/ports.ts';
import { POLLHUP, POLLIN, POLLOUT } from '../../vfs/index.ts';
import type { OpenFile } from '../../vfs/index.ts';
import { anonymousInode } from './anonymous.ts';
import { Description } from './description.ts';
import { Outflow } from './flow.ts';

/** So much input waits to be read before the host is asked to wait, in bytes. */
const ENOUGH = 256 * 1024;

/** Standard input: bytes the host has brought and nobody has read. */
class InputStream implements OpenFile {
  readonly inode = anonymousInode('pipe');
  readonly stream = true;
  readonly changed = new WaitQueue();
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #fewer: (() => void)[] = [];

  constructor() { this.inode.reopen = () => this; }

  /** Bytes from the host; null is the end. */
  bring(bytes: Uint8Array | null): Taken {
    if (bytes === null) this.#ended = true;
    else if (bytes.length > 0) this.#chunks.push(bytes.slice());
    this.changed.wake();
    if (this.available() > ENOUGH) return new Promise((done) => { this.#fewer.push(done); });
  }

  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    let count = 0;
    while (this.#chunks.length > 0 && count < into.length) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, into.length - count);
      into.set(part, count);
      count += part.length;
      if (part.length < chunk.length) this.#chunks[0] = chunk.subarray(part.length);
      else this.#chunks.shift();
    }
    if (this.#fewer.length > 0 && this.available() <= ENOUGH) for (const done of this.#fewer.splice(0)) done();
    if (count > 0 || into.length === 0 || this.#ended) return count;
    if (nonblock) throw EAGAIN;
    return new Wait([this.changed]);
  }

  poll(): number { return (this.#chunks.length > 0 ? POLLIN : 0) | (this.#ended ? POLLHUP : 0); }
  /** FIONREAD. */
  available(): number { return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0); }
}

/** Standard output or error: takes everything at once, or nothing while the host is full. */
class OutputStream implements OpenFile {
  readonly inode = anonymousInode('pipe');
  readonly stream = true;
  readonly changed = new WaitQueue();
  readonly #flow: Outflow;

  constructor(sink: Sink) {
    this.#flow = new Outflow(sink, () => this.changed.wake());
    this.inode.reopen = () => this;
  }

  write(from: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    if (from.length === 0) return 0;
    if (!this.#flow.full) {
      this.#flow.give(from.slice());
      return from.length;
    }
    if (nonblock) throw EAGAIN;
    return new Wait([this.changed]);
  }

  poll(): number { return this.#flow.full ? 0 : POLLOUT; }
}

/** Descriptions for descriptors 0, 1 and 2. Without a stdin port the input is empty. */
export function standardStreams(streams: Streams): readonly [Description, Description, Description] {
  const input = new InputStream();
  if (streams.stdin) streams.stdin((bytes) => input.bring(bytes));
  else input.bring(null);
  return [new Description(input, O_RDONLY), new Description(new OutputStream(streams.stdout), O_WRONLY), new Description(new OutputStream(streams.stderr), O_WRONLY)];
}

