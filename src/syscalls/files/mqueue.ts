// POSIX message queues. mq_overview(7), mq_open(3), mq_notify(3).
import {
  CAP_SYS_RESOURCE, EACCES, EBADF, EEXIST, EPERM, ETIMEDOUT, NSIG, SI_MESGQ, EINVAL, EMSGSIZE, ENOENT, ENAMETOOLONG, ENOSPC, ENOSYS, MQ_MSG_HARD_MAX, MQ_MSG_MAX, MQ_MSGSIZE_HARD_MAX, MQ_MSGSIZE_MAX, MQ_PRIO_MAX, mqAttrLayout, NAME_MAX, O_ACCMODE, O_CLOEXEC,
  O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_WRONLY, openFlags, PATH_MAX,
} from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { Description, PosixQueue, PosixQueueFile, sendToProcess, type Task } from '../../linux/index.ts';
import { CString, Fd, Mode, openFlagsCodec, Ptr, Size, UInt } from '../codec.ts';
import type { Result, SyscallRow } from '../row.ts';
import { sys } from '../row.ts';
import { readTimespec } from '../structs.ts';

/** The name after its slash, as the C library passes it. Throws what the kernel's lookup of one name gives. */
function checkedName(name: string): string {
  if (name === '') throw ENOENT;
  if (name.includes('/') || name === '.' || name === '..') throw EACCES;
  if (name.length > NAME_MAX) throw ENAMETOOLONG;
  return name;
}

const READABLE = 4, WRITABLE = 2;

function demandAccess(task: Task, queue: PosixQueue, flag: number): void {
  const { fsuid, fsgid, groups } = task.credentials;
  const shift = fsuid === queue.uid ? 6 : [fsgid, ...groups].includes(queue.gid) ? 3 : 0;
  const wanted = ((flag & O_ACCMODE) !== O_WRONLY ? READABLE : 0) | ((flag & O_ACCMODE) !== O_RDONLY ? WRITABLE : 0);
  if (fsuid !== 0 && (queue.mode >> shift & wanted) !== wanted) throw EACCES;
}

interface Shape { readonly maxMessages: number; readonly maxSize: number }

/** The attributes of a new queue. Throws EINVAL beyond the limits of mq_overview(7). */
function shapeAt(task: Task, ptr: number): Shape {
  if (ptr === 0) return { maxMessages: MQ_MSG_MAX, maxSize: MQ_MSGSIZE_MAX };
  const attr = mqAttrLayout.decode(task.memory.readable(ptr, mqAttrLayout.size));
  const [maxMessages, maxSize] = [Number(attr.maxmsg), Number(attr.msgsize)];
  const privileged = task.credentials.has(CAP_SYS_RESOURCE);
  if (maxMessages <= 0 || maxSize <= 0) throw EINVAL;
  if (maxMessages > (privileged ? MQ_MSG_HARD_MAX : MQ_MSG_MAX) || maxSize > (privileged ? MQ_MSGSIZE_HARD_MAX : MQ_MSGSIZE_MAX)) throw EINVAL;
  return { maxMessages, maxSize };
}

function create(task: Task, name: string, mode: number, attrPtr: number): PosixQueue {
  const { posixQueues } = task.kernel.ipc;
  const shape = shapeAt(task, attrPtr);
  if (posixQueues.full && !task.credentials.has(CAP_SYS_RESOURCE)) throw ENOSPC;
  const queue = new PosixQueue({ ...shape, uid: task.credentials.fsuid, gid: task.credentials.fsgid, mode: mode & 0o777 & ~task.fs.umask });
  posixQueues.byName.set(name, queue);
  return queue;
}

function mqOpen(task: Task, given: string, flag: number, mode: number, attrPtr: number): number {
  const name = checkedName(given);
  const old = task.kernel.ipc.posixQueues.byName.get(name);
  if (old && flag & O_CREAT && flag & O_EXCL) throw EEXIST;
  if (!old && !(flag & O_CREAT)) throw ENOENT;
  if ((flag & O_ACCMODE) === O_ACCMODE) throw EINVAL;
  if (old) demandAccess(task, old, flag);
  const queue = old ?? create(task, name, mode, attrPtr);
  return task.files.add(new Description(new PosixQueueFile(queue, flag), flag & (O_ACCMODE | O_NONBLOCK)), (flag & O_CLOEXEC) !== 0);
}

function mqUnlink(task: Task, given: string): number {
  const name = checkedName(given);
  const { byName } = task.kernel.ipc.posixQueues;
  const queue = byName.get(name);
  if (!queue) throw ENOENT;
  if (task.credentials.fsuid !== 0 && task.credentials.fsuid !== queue.uid) throw EPERM;
  byName.delete(name);
  return 0;
}

function descriptionOf(task: Task, fd: number): { description: Description; file: PosixQueueFile } {
  const description = task.files.get(fd);
  if (!(description.file instanceof PosixQueueFile)) throw EBADF;
  return { description, file: description.file };
}

/** A point of the realtime clock, as a monotonic deadline; the same at every attempt. */
function deadlineAt(task: Task, ptr: number): bigint | undefined {
  if (ptr === 0) return undefined;
  return (task.call!.deadlineNs ??= readTimespec(task, ptr) - task.kernel.realtimeNs() + task.kernel.monotonicNs());
}

/** The wait of a timed call; throws ETIMEDOUT when its time is over. */
function untilDeadline(task: Task, wait: Wait, deadline: bigint | undefined): Wait {
  if (deadline !== undefined && task.kernel.monotonicNs() >= deadline) throw ETIMEDOUT;
  return new Wait(wait.on, deadline);
}

function mqTimedsend(task: Task, fd: number, ptr: number, size: number, priority: number, timeoutPtr: number): Result {
  if (priority >= MQ_PRIO_MAX) throw EINVAL;
  const deadline = deadlineAt(task, timeoutPtr);
  const { description, file } = descriptionOf(task, fd);
  const queue = file.demandWritable();
  if (size > queue.maxSize) throw EMSGSIZE;
  const wait = queue.send({ priority, bytes: task.memory.readable(ptr, size).slice() }, description.nonblock);
  return wait ? untilDeadline(task, wait, deadline) : 0;
}

function mqTimedreceive(task: Task, fd: number, ptr: number, size: number, priorityPtr: number, timeoutPtr: number): Result {
  const deadline = deadlineAt(task, timeoutPtr);
  const { description, file } = descriptionOf(task, fd);
  const queue = file.demandReadable();
  const message = queue.receive(size, description.nonblock);
  if (message instanceof Wait) return waitForMessage(task, queue, untilDeadline(task, message, deadline));
  task.memory.writable(ptr, message.bytes.length).set(message.bytes);
  if (priorityPtr !== 0) task.memory.writeU32(priorityPtr, message.priority);
  return message.bytes.length;
}

/** While a task waits for a message nobody is notified of it. */
function waitForMessage(task: Task, queue: PosixQueue, wait: Wait): Wait {
  if (!task.call!.kept) {
    task.call!.kept = queue;
    queue.receivers++;
    task.call!.cleanup = () => { queue.receivers--; };
  }
  return wait;
}

const SIGEV_SIGNAL = 0, SIGEV_NONE = 1, SIGEV_THREAD = 2;
const SIGEVENT_SIZE = 64;

function mqNotify(task: Task, fd: number, eventPtr: number): number {
  const { file } = descriptionOf(task, fd);
  if (eventPtr === 0) {
    file.queue.setNotification(undefined, task.process);
    return 0;
  }
  task.memory.readable(eventPtr, SIGEVENT_SIZE);
  const [value, signo, kind] = [task.memory.readU64(eventPtr), task.memory.readI32(eventPtr + 8), task.memory.readI32(eventPtr + 12)];
  if (kind === SIGEV_THREAD) throw ENOSYS;
  if (kind !== SIGEV_NONE && kind !== SIGEV_SIGNAL || (kind === SIGEV_SIGNAL && (signo < 1 || signo > NSIG))) throw EINVAL;
  const { process } = task;
  const notify = (): void => { if (kind === SIGEV_SIGNAL && !process.zombie) sendToProcess(process, { signo, code: SI_MESGQ, value, pid: task.kernel.current?.pid ?? 0, uid: task.kernel.current?.credentials.uid ?? 0 }); };
  file.queue.setNotification({ process, notify }, process);
  return 0;
}

function mqGetsetattr(task: Task, fd: number, newPtr: number, oldPtr: number): number {
  const given = newPtr === 0 ? undefined : mqAttrLayout.decode(task.memory.readable(newPtr, mqAttrLayout.size));
  if (given && given.flags & ~BigInt(O_NONBLOCK)) throw EINVAL;
  const { description, file: { queue } } = descriptionOf(task, fd);
  const old = mqAttrLayout.encode({ flags: description.flags & O_NONBLOCK, maxmsg: queue.maxMessages, msgsize: queue.maxSize, curmsgs: queue.messages.length });
  if (given) description.flags = (description.flags & ~O_NONBLOCK) | (Number(given.flags) & O_NONBLOCK);
  if (oldPtr !== 0) task.memory.writable(oldPtr, old.length).set(old);
  return 0;
}

export const mqueueCalls: readonly SyscallRow[] = [
  sys(240, 'mq_open', [CString(PATH_MAX), openFlagsCodec(openFlags), Mode, Ptr], mqOpen),
  sys(241, 'mq_unlink', [CString(PATH_MAX)], mqUnlink),
  sys(242, 'mq_timedsend', [Fd, Ptr, Size, UInt, Ptr], mqTimedsend),
  sys(243, 'mq_timedreceive', [Fd, Ptr, Size, Ptr, Ptr], mqTimedreceive),
  sys(244, 'mq_notify', [Fd, Ptr], mqNotify, 'SIGEV_THREAD is ENOSYS'),
  sys(245, 'mq_getsetattr', [Fd, Ptr, Ptr], mqGetsetattr),
];
