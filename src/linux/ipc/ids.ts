// What the three kinds of System V IPC share: identifiers, keys, owners and permission. sysvipc(7), ipc(2).
import { CAP_IPC_OWNER, CAP_SYS_ADMIN, EACCES, EEXIST, EIDRM, EINVAL, ENOENT, ENOSPC, EPERM, IPC_CREAT, IPC_EXCL, IPC_PRIVATE } from '../../abi/index.ts';
import type { Credentials } from '../credentials.ts';

/** struct ipc_perm: who made an object, whose it is, and who may use it. */
export interface IpcObject {
  readonly id: number;
  key: number;
  uid: number;
  gid: number;
  readonly cuid: number;
  readonly cgid: number;
  /** The lowest nine bits count; those for execution mean nothing. */
  mode: number;
  ctimeNs: bigint;
}

export const READ = 4, WRITE = 2;
const INDEX_BITS = 15;

/** Whether `who` may do what the bits of `access` (READ, WRITE) say. */
function permits(object: IpcObject, who: Credentials, access: number): boolean {
  const shift = who.euid === object.uid || who.euid === object.cuid ? 6 : [who.egid, ...who.groups].some((g) => g === object.gid || g === object.cgid) ? 3 : 0;
  return (object.mode >> shift & access) === access || who.has(CAP_IPC_OWNER);
}

/** Throws EACCES. */
export function demandAccess(object: IpcObject, who: Credentials, access: number): void { if (!permits(object, who, access)) throw EACCES; }

/** IPC_SET and IPC_RMID are for the owner and the creator. Throws EPERM. */
export function demandOwner(object: IpcObject, who: Credentials): void {
  if (who.euid !== object.uid && who.euid !== object.cuid && !who.has(CAP_SYS_ADMIN)) throw EPERM;
}

/** All objects of one kind. An identifier is the index in the table with a sequence number above it, so that a stale one is not taken for its successor. */
export class IpcTable<T extends IpcObject> {
  readonly #slots: (T | undefined)[] = [];
  readonly #limit: number;
  #sequence = 0;

  constructor(limit: number) { this.#limit = limit; }

  get all(): T[] { return this.#slots.filter((o) => o !== undefined); }
  /** The largest index in use, -1 when there is none. */
  get highest(): number { return this.#slots.findLastIndex((o) => o !== undefined); }
  /** By its index, for the _STAT commands. Throws EINVAL. */
  at(index: number): T {
    const object = this.#slots[index];
    if (!object) throw EINVAL;
    return object;
  }

  /** Throws EINVAL, and EIDRM for one that was removed. */
  get(id: number): T {
    const object = id < 0 ? undefined : this.#slots[id & ((1 << INDEX_BITS) - 1)];
    if (!object) throw EINVAL;
    if (object.id !== id) throw EIDRM;
    return object;
  }

  /** The calls named …get: the object of a key, or a new one; `fits` checks an old one. Throws ENOENT, EEXIST, EACCES, ENOSPC. */
  open(key: number, flags: number, who: Credentials, make: (base: IpcObject) => T, fits: (old: T) => void, nowNs: bigint): number {
    const old = key === IPC_PRIVATE ? undefined : this.all.find((o) => o.key === key);
    if (!old) {
      if (key !== IPC_PRIVATE && !(flags & IPC_CREAT)) throw ENOENT;
      return this.#add(key, flags & 0o777, who, make, nowNs);
    }
    if (flags & IPC_CREAT && flags & IPC_EXCL) throw EEXIST;
    demandAccess(old, who, (flags >> 6 | flags >> 3 | flags) & (READ | WRITE));
    fits(old);
    return old.id;
  }

  #add(key: number, mode: number, who: Credentials, make: (base: IpcObject) => T, nowNs: bigint): number {
    let index = 0;
    while (this.#slots[index]) index++;
    if (index >= this.#limit) throw ENOSPC;
    const id = this.#sequence << INDEX_BITS | index;
    this.#slots[index] = make({ id, key, mode, uid: who.euid, gid: who.egid, cuid: who.euid, cgid: who.egid, ctimeNs: nowNs });
    this.#sequence = this.#sequence + 1 & 0xffff;
    return id;
  }

  remove(object: T): void {
    const index = this.#slots.indexOf(object);
    if (index >= 0) this.#slots[index] = undefined;
  }
}
