// What the three families of System V IPC calls share: times, the IPC_64 bit, ipc_perm, IPC_SET. ipc(2).
import { ipcFlags, type Struct, shmidLayout } from '../../abi/index.ts';
import { demandOwner, type IpcObject, type Task } from '../../linux/index.ts';
import { flags } from '../codec.ts';

const SECOND_NS = 1_000_000_000n;
export const seconds = (ns: bigint): bigint => ns / SECOND_NS;
export const now = (task: Task): bigint => task.kernel.realtimeNs();

/** IPC_64: C libraries add it to every command. */
const IPC_64 = 0x100;
export const command = (cmd: number): number => cmd & ~IPC_64;

export type Values = Record<string, number | bigint>;
export const permValues = (o: IpcObject): Values => ({ key: o.key, uid: o.uid, gid: o.gid, cuid: o.cuid, cgid: o.cgid, mode: o.mode, seq: o.id >> 15, ctime: seconds(o.ctimeNs) });

export function store(task: Task, ptr: number, layout: Struct<any>, values: Values): void { task.memory.writable(ptr, layout.size).set(layout.encode(values)); }

/** IPC_SET: owner and mode from the caller's structure, whose beginning is the same in all three families. */
export function setOwner(task: Task, object: IpcObject, ptr: number): void {
  const given = shmidLayout.decode(task.memory.readable(ptr, shmidLayout.size));
  demandOwner(object, task.credentials);
  object.uid = given.uid;
  object.gid = given.gid;
  object.mode = (object.mode & ~0o777) | (given.mode & 0o777);
  object.ctimeNs = now(task);
}

/** The flags of the calls that end in `get`. */
export const GetFlags = flags(ipcFlags);
