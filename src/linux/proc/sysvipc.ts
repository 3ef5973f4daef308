// /proc/sysvipc: the tables that ipcs(1) reads. proc(5), sysvipc(7).
import { PAGE_SIZE } from '../../guest/index.ts';
import { generated } from '../../vfs/index.ts';
import type { Node } from '../../vfs/index.ts';
import type { IpcObject } from '../ipc/index.ts';
import type { Kernel } from '../kernel.ts';

const { directory, file } = generated;

const right = (value: number | bigint | string, width: number): string => String(value).padStart(width);
const seconds = (ns: bigint): bigint => ns / 1_000_000_000n;
/** key, id and rights, with which every line begins. */
const start = (o: IpcObject): string => `${right(o.key, 10)} ${right(o.id, 10)}  ${right(o.mode.toString(8), 4)}`;
const owners = (o: IpcObject): string => [o.uid, o.gid, o.cuid, o.cgid].map((id) => right(id, 5)).join(' ');
const times = (...ns: bigint[]): string => ns.map((time) => right(seconds(time), 10)).join(' ');

function segments(kernel: Kernel): string {
  const { segments: all } = kernel.ipc;
  const rows = all.table.all.map((s) => {
    const resident = Math.ceil(s.size / PAGE_SIZE) * PAGE_SIZE;
    return `${start(s)} ${right(s.size, 21)} ${right(s.cpid, 5)} ${right(s.lpid, 5)}  ${right(all.attachments(s), 5)} ${owners(s)} ${times(s.atimeNs, s.dtimeNs, s.ctimeNs)} ${right(resident, 21)} ${right(0, 21)}\n`;
  });
  return `       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n${rows.join('')}`;
}

function queues(kernel: Kernel): string {
  const rows = kernel.ipc.queues.table.all.map((q) =>
    `${start(q)}  ${right(q.cbytes, 10)} ${right(q.messages.length, 10)} ${right(q.lspid, 5)} ${right(q.lrpid, 5)} ${owners(q)} ${times(q.stimeNs, q.rtimeNs, q.ctimeNs)}\n`);
  return `       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n${rows.join('')}`;
}

function semaphores(kernel: Kernel): string {
  const rows = kernel.ipc.semaphores.table.all.map((s) => `${start(s)} ${right(s.semaphores.length, 10)} ${owners(s)} ${times(s.otimeNs, s.ctimeNs)}\n`);
  return `       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n${rows.join('')}`;
}

export const sysvipc = (kernel: Kernel): Node => directory({ msg: file(() => queues(kernel)), sem: file(() => semaphores(kernel)), shm: file(() => segments(kernel)) });
