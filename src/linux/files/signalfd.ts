// signalfd(2): a file that reads as the signals waiting for the reading task.
import { EAGAIN, EINVAL, signalfdSiginfoLayout } from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import type { WaitQueue } from '../../base/index.ts';
import { POLLIN } from '../../vfs/index.ts';
import type { OpenFile } from '../../vfs/index.ts';
import type { SigInfo, SignalSet } from '../pending-signals.ts';
import { anonymousInode } from './anonymous.ts';

/** Where a signal file takes its signals from: the queues of the task that looks. */
export interface SignalSource {
  /** Signals that wait, as a set. */
  pending(): SignalSet;
  /** Takes one out of `wanted`. */
  take(wanted: SignalSet): SigInfo | undefined;
  readonly changed: WaitQueue;
}

export class SignalFile implements OpenFile {
  readonly inode = anonymousInode('signalfd');
  readonly stream = true;
  readonly #source: () => SignalSource;
  /** The signals it gives. */
  mask: SignalSet;

  /** `source` gives the queues of whoever runs now. */
  constructor(mask: SignalSet, source: () => SignalSource) {
    this.mask = mask;
    this.#source = source;
  }

  get changed(): WaitQueue { return this.#source().changed; }

  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    if (into.length < signalfdSiginfoLayout.size) throw EINVAL;
    const source = this.#source();
    let count = 0;
    while (count + signalfdSiginfoLayout.size <= into.length) {
      const info = source.take(this.mask);
      if (!info) break;
      into.set(encode(info), count);
      count += signalfdSiginfoLayout.size;
    }
    if (count > 0) return count;
    if (nonblock) throw EAGAIN;
    return new Wait([source.changed]);
  }

  poll(): number { return (this.#source().pending() & this.mask) !== 0n ? POLLIN : 0; }
}

const encode = (info: SigInfo): Uint8Array => signalfdSiginfoLayout.encode({
  ssi_signo: info.signo, ssi_code: info.code, ssi_pid: info.pid ?? 0, ssi_uid: info.uid ?? 0, ssi_status: info.status ?? 0, ssi_addr: info.addr ?? 0,
  ssi_int: Number(BigInt.asIntN(32, info.value ?? 0n)), ssi_ptr: info.value ?? 0n, ssi_overrun: info.overrun ?? 0, ssi_tid: info.timerId ?? 0,
});
