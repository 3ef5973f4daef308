// eventfd(2): a 64-bit counter that is written to add and read to take.
import { EAGAIN, EINVAL } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { POLLERR, POLLIN, POLLOUT } from '../../vfs/index.ts';
import type { OpenFile } from '../../vfs/index.ts';
import { anonymousInode } from './anonymous.ts';

const LARGEST = 0xffff_ffff_ffff_fffen;

export class EventFile implements OpenFile {
  readonly inode = anonymousInode('eventfd');
  readonly stream = true;
  readonly changed = new WaitQueue();
  readonly #semaphore: boolean;
  #count: bigint;

  /** `semaphore`: each read takes one (EFD_SEMAPHORE). */
  constructor(initial: number, semaphore: boolean) {
    this.#count = BigInt(initial);
    this.#semaphore = semaphore;
  }

  get count(): bigint { return this.#count; }

  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    if (into.length < 8) throw EINVAL;
    if (this.#count === 0n) {
      if (nonblock) throw EAGAIN;
      return new Wait([this.changed]);
    }
    const taken = this.#semaphore ? 1n : this.#count;
    this.#count -= taken;
    word(into).setBigUint64(0, taken, true);
    this.changed.wake();
    return 8;
  }

  write(from: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    if (from.length < 8) throw EINVAL;
    const added = word(from).getBigUint64(0, true);
    if (added > LARGEST) throw EINVAL;
    if (LARGEST - this.#count < added) {
      if (nonblock) throw EAGAIN;
      return new Wait([this.changed]);
    }
    this.#count += added;
    this.changed.wake();
    return 8;
  }

  poll(): number {
    return (this.#count > 0n ? POLLIN : 0) | (this.#count < LARGEST ? POLLOUT : 0) | (this.#count > LARGEST ? POLLERR : 0);
  }
}

const word = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, 8);
