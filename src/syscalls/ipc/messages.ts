// System V message queues. msgget(2), msgop(2), msgctl(2).
import { CAP_SYS_RESOURCE, EINVAL, ENOSYS, EPERM, ipcFlags, MSGMAX, MSGMNB, MSGMNI, msgCommands, msgFlags, msginfoLayout, msqidLayout } from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { demandAccess, demandOwner, IPC_READ, IPC_WRITE, MessageQueues, type MessageQueue, receiveMessage, sendMessage, type Task } from '../../linux/index.ts';
import { flags, Int, oneOf, Ptr, Size, U64 } from '../codec.ts';
import type { Result, SyscallRow } from '../row.ts';
import { sys } from '../row.ts';
import { command, GetFlags, now, permValues, seconds, setOwner, store, type Values } from './shared.ts';

function msgget(task: Task, key: number, flag: number): number {
  return task.kernel.ipc.queues.table.open(key, flag, task.credentials, (base) => MessageQueues.make(base), () => {}, now(task));
}

/** The queue of a call that may wait: found once, so that its removal is EIDRM. */
function queueOf(task: Task, id: number, access: number): MessageQueue {
  const kept = task.call!.kept as MessageQueue | undefined;
  if (kept) return kept;
  const queue = task.kernel.ipc.queues.table.get(id);
  demandAccess(queue, task.credentials, access);
  task.call!.kept = queue;
  return queue;
}

const TYPE_SIZE = 8;

function msgsnd(task: Task, id: number, ptr: number, size: number, flag: number): Result {
  const type = BigInt.asIntN(64, task.memory.readU64(ptr));
  if (size > MSGMAX || id < 0 || type < 1n) throw EINVAL;
  const bytes = task.memory.readable(ptr + TYPE_SIZE, size).slice();
  return sendMessage(queueOf(task, id, IPC_WRITE), { type, bytes }, flag, task.pid, now(task)) ?? 0;
}

function msgrcv(task: Task, id: number, ptr: number, size: number, type: bigint, flag: number): Result {
  if (id < 0 || size > 0x7fff_ffff_ffff) throw EINVAL;
  if (flag & msgFlags.MSG_COPY) throw ENOSYS;
  const message = receiveMessage(queueOf(task, id, IPC_READ), size, BigInt.asIntN(64, type), flag, task.pid, now(task));
  if (message instanceof Wait) return message;
  const length = Math.min(size, message.bytes.length);
  const buffer = task.memory.writable(ptr, TYPE_SIZE + length);
  task.memory.writeU64(ptr, BigInt.asUintN(64, message.type));
  buffer.set(message.bytes.subarray(0, length), TYPE_SIZE);
  return length;
}

const msgInfo = (table: MessageQueues['table'], used: boolean): Values => {
  const limits = { msgmax: MSGMAX, msgmnb: MSGMNB, msgmni: MSGMNI, msgssz: 16, msgseg: 0xffff };
  if (!used) return { ...limits, msgpool: MSGMNI * MSGMNB / 1024, msgmap: MSGMNB, msgtql: MSGMNB };
  return { ...limits, msgpool: table.all.length, msgmap: table.all.reduce((sum, q) => sum + q.messages.length, 0), msgtql: table.all.reduce((sum, q) => sum + q.cbytes, 0) };
};

const queueValues = (q: MessageQueue): Values => ({
  ...permValues(q), stime: seconds(q.stimeNs), rtime: seconds(q.rtimeNs), cbytes: q.cbytes, qnum: q.messages.length, qbytes: q.qbytes, lspid: q.lspid, lrpid: q.lrpid,
});

function msgctl(task: Task, id: number, cmd: number, ptr: number): number {
  const { queues } = task.kernel.ipc;
  const code = command(cmd);
  if (id < 0 || code < 0) throw EINVAL;
  if (code === msgCommands.IPC_INFO || code === msgCommands.MSG_INFO) {
    store(task, ptr, msginfoLayout, msgInfo(queues.table, code === msgCommands.MSG_INFO));
    return Math.max(0, queues.table.highest);
  }
  const byIndex = code === msgCommands.MSG_STAT || code === msgCommands.MSG_STAT_ANY;
  const queue = byIndex ? queues.table.at(id) : queues.table.get(id);
  if (byIndex || code === msgCommands.IPC_STAT) {
    if (code !== msgCommands.MSG_STAT_ANY) demandAccess(queue, task.credentials, IPC_READ);
    store(task, ptr, msqidLayout, queueValues(queue));
    return byIndex ? queue.id : 0;
  }
  if (code === msgCommands.IPC_SET) {
    const { qbytes } = msqidLayout.decode(task.memory.readable(ptr, msqidLayout.size));
    if (Number(qbytes) > MSGMNB && !task.credentials.has(CAP_SYS_RESOURCE)) throw EPERM;
    setOwner(task, queue, ptr);
    queue.qbytes = Number(qbytes);
    queue.changed.wake();
    return 0;
  }
  if (code !== msgCommands.IPC_RMID) throw EINVAL;
  demandOwner(queue, task.credentials);
  queues.remove(queue);
  return 0;
}

export const messageCalls: readonly SyscallRow[] = [
  sys(68, 'msgget', [Int, GetFlags], msgget),
  sys(69, 'msgsnd', [Int, Ptr, Size, flags(ipcFlags)], msgsnd),
  sys(70, 'msgrcv', [Int, Ptr, Size, U64, flags({ ...ipcFlags, ...msgFlags })], msgrcv, 'MSG_COPY is ENOSYS'),
  sys(71, 'msgctl', [Int, oneOf(msgCommands), Ptr], msgctl),
];
