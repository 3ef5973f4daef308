// Files of memfd_create(2): a tmpfs of the kernel's own, and seals that forbid changes.
import { EINVAL, EPERM, F_SEAL_FUTURE_WRITE, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE } from '../../abi/index.ts';
import type { Wait } from '../../base/index.ts';
import type { Kernel } from '../../linux/index.ts';
import { Mount, TmpFs } from '../../vfs/index.ts';
import type { Inode, OpenFile } from '../../vfs/index.ts';

const mounts = new WeakMap<Kernel, Mount>();

/** The mount of unnamed memory files of a kernel: nothing leads to it. */
export function memoryFs(kernel: Kernel): Mount {
  const mount = mounts.get(kernel) ?? new Mount(new TmpFs({ now: () => kernel.realtimeNs() }), 'tmpfs');
  mounts.set(kernel, mount);
  return mount;
}

const ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;

/** The seals of an inode, which all its open files share. */
const sealsOf = new WeakMap<Inode, number>();

export class MemoryFile implements OpenFile {
  readonly inode: Inode;
  readonly #file: OpenFile;

  constructor(file: OpenFile, sealing: boolean) {
    this.#file = file;
    this.inode = file.inode;
    sealsOf.set(this.inode, sealing ? 0 : F_SEAL_SEAL);
  }

  get seals(): number { return sealsOf.get(this.inode)!; }

  /** F_ADD_SEALS. */
  seal(added: number): void {
    if (added & ~ALL_SEALS) throw EINVAL;
    if (this.seals & F_SEAL_SEAL) throw EPERM;
    sealsOf.set(this.inode, this.seals | added);
  }

  read(into: Uint8Array, position: number, nonblock: boolean): number | Wait { return this.#file.read!(into, position, nonblock); }

  write(from: Uint8Array, position: number, nonblock: boolean): number | Wait {
    if (this.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) throw EPERM;
    const room = this.seals & F_SEAL_GROW ? this.inode.stat().size - position : Infinity;
    if (room <= 0 && from.length > 0) throw EPERM;
    return this.#file.write!(from.length > room ? from.subarray(0, room) : from, position, nonblock);
  }

  truncate(size: number): void {
    const old = this.inode.stat().size;
    if ((size < old && this.seals & F_SEAL_SHRINK) || (size > old && this.seals & F_SEAL_GROW)) throw EPERM;
    this.#file.truncate!(size);
  }

  reserve(from: number, to: number): void {
    if (this.seals & F_SEAL_GROW && to > this.inode.stat().size) throw EPERM;
    this.#file.reserve!(from, to);
  }

  punch(from: number, to: number): void {
    if (this.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) throw EPERM;
    this.#file.punch!(from, to);
  }

  nextData(position: number): number | undefined { return this.#file.nextData!(position); }
  nextHole(position: number): number { return this.#file.nextHole!(position); }
  mapped(): void { this.#file.mapped?.(); }
  sync(): void { this.#file.sync?.(); }
  close(): void { this.#file.close?.(); }
}

