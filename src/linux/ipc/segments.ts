// System V shared memory: segments that processes map at addresses of their own. shmget(2), shmat(2), shmctl(2).
import { IPC_PRIVATE, SHM_DEST, SHMMNI } from '../../abi/index.ts';
import type { AddressSpace } from '../address-space.ts';
import type { Kernel } from '../kernel.ts';
import { AnonymousObject } from '../shared-memory.ts';
import { type IpcObject, IpcTable } from './ids.ts';

export interface Segment extends IpcObject {
  /** In bytes, as asked for. */
  readonly size: number;
  readonly object: AnonymousObject;
  readonly cpid: number;
  lpid: number;
  atimeNs: bigint;
  dtimeNs: bigint;
}

export class Segments {
  readonly #table = new IpcTable<Segment>(SHMMNI);
  readonly #kernel: Kernel;
  constructor(kernel: Kernel) { this.#kernel = kernel; }

  static make(base: IpcObject, size: number, pid: number): Segment {
    return { ...base, size, object: new AnonymousObject(), cpid: pid, lpid: 0, atimeNs: 0n, dtimeNs: 0n };
  }

  /** The table, without the segments that were waiting for their last detachment and have had it. */
  get table(): IpcTable<Segment> {
    for (const segment of this.#table.all) if (segment.mode & SHM_DEST && this.attachments(segment) === 0) this.#table.remove(segment);
    return this.#table;
  }

  /** How many mappings of it there are, in all processes. */
  attachments(segment: Segment): number {
    const spaces = new Set<AddressSpace>([...this.#kernel.tasks.values()].map((task) => task.space));
    let count = 0;
    for (const space of spaces) for (const region of space.regions) if (region.object === segment.object && region.offset === 0) count++;
    return count;
  }

  /** IPC_RMID: nobody finds it by its key any more; it goes with its last detachment. */
  remove(segment: Segment): void {
    segment.mode |= SHM_DEST;
    segment.key = IPC_PRIVATE;
  }
}
