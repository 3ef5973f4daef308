// Calls on other processes: descriptors of them, their memory, comparing them. pidfd_open(2), process_vm_readv(2), kcmp(2).
import {
  CAP_SYS_PTRACE, EBADF, EFAULT, EINVAL, ENOMEM, EPERM, ESRCH, IOV_MAX, O_CLOEXEC, O_NONBLOCK, O_RDWR, SI_TKILL, SI_USER, NSIG,
} from '../abi/index.ts';
import { PAGE_SIZE } from '../guest/index.ts';
import { decodeSigInfo, Description, PidFile, type Process, processOfDirectory, sendToProcess, SIGINFO_SIZE, type Task, userSignal } from '../linux/index.ts';
import { Fd, flags, Int, oneOf, Pid, Ptr, Signal, Size, UInt } from './codec.ts';
import { refuse, sys } from './row.ts';
import type { SyscallRow } from './row.ts';

/** A descriptor of a process for the caller. */
export function addPidFile(task: Task, process: Process, nonblock = false): number {
  return task.files.add(new Description(new PidFile(process), O_RDWR | (nonblock ? O_NONBLOCK : 0)), true);
}

/** The process a descriptor stands for. Throws EBADF. */
export function processOfFd(task: Task, fd: number): Process {
  const { file } = task.files.get(fd);
  if (!(file instanceof PidFile)) throw EBADF;
  return file.process;
}

/** As `processOfFd`; a directory /proc/[pid] stands for its process, too. */
function signalledProcess(task: Task, fd: number): Process {
  const { file, inode } = task.files.get(fd);
  return file instanceof PidFile ? file.process : demandProcess(processOfDirectory(inode));
}

function demandProcess(process: Process | undefined): Process {
  if (!process) throw EBADF;
  return process;
}

const isGone = (process: Process): boolean => process.leader.kernel.processes.get(process.pid) !== process;

function pidfdOpen(task: Task, pid: number, bits: number): number {
  if (bits & ~O_NONBLOCK || pid <= 0) throw EINVAL;
  const process = task.kernel.processes.get(pid);
  if (!process) throw task.kernel.tasks.has(pid) ? EINVAL : ESRCH;
  return addPidFile(task, process, (bits & O_NONBLOCK) !== 0);
}

function pidfdSendSignal(task: Task, fd: number, signal: number, infoPtr: number, bits: number): number {
  if (bits !== 0) throw EINVAL;
  const process = signalledProcess(task, fd);
  if (signal < 0 || signal > NSIG) throw EINVAL;
  if (isGone(process)) throw ESRCH;
  const info = infoPtr === 0 ? userSignal(task, signal) : decodeSigInfo(task.memory.readable(infoPtr, SIGINFO_SIZE));
  if (info.signo !== signal) throw EINVAL;
  if (infoPtr !== 0 && process !== task.process && (info.code >= SI_USER || info.code === SI_TKILL)) throw EPERM;
  if (!task.credentials.maySignal(process.leader.credentials)) throw EPERM;
  if (signal !== 0) sendToProcess(process, info);
  return 0;
}

/** Whether one process may look into another (ptrace(2), "Ptrace access mode checking"). */
function mayLookInto(task: Task, target: Process): boolean {
  if (target === task.process || task.credentials.has(CAP_SYS_PTRACE)) return true;
  const [mine, theirs] = [task.credentials, target.leader.credentials];
  const same = [theirs.uid, theirs.euid, theirs.suid].every((uid) => uid === mine.uid) && [theirs.gid, theirs.egid, theirs.sgid].every((gid) => gid === mine.gid);
  return same && target.dumpable === 1 && (theirs.permitted & ~mine.permitted) === 0n;
}

function pidfdGetfd(task: Task, fd: number, wanted: number, bits: number): number {
  if (bits !== 0) throw EINVAL;
  const process = processOfFd(task, fd);
  if (process.zombie) throw ESRCH;
  if (!mayLookInto(task, process)) throw EPERM;
  return task.files.add(process.leader.files.get(wanted, true), true);
}

/** A live process whose memory the caller may touch. Throws ESRCH, EPERM. */
function reachable(task: Task, pid: number): Task {
  const target = task.kernel.tasks.get(pid);
  if (!target || target.process.zombie) throw ESRCH;
  if (!mayLookInto(task, target.process)) throw EPERM;
  return target;
}

interface Piece { ptr: number; length: number }

function piecesAt(task: Task, ptr: number, count: number): Piece[] {
  if (count > IOV_MAX) throw EINVAL;
  return Array.from({ length: count }, (_, i) => ({ ptr: Number(task.memory.readU64(ptr + 16 * i)), length: Number(task.memory.readU64(ptr + 16 * i + 8)) }));
}

/** process_vm_readv and process_vm_writev: moves bytes in order until either side ends or cannot be reached. */
function processVm(task: Task, pid: number, localPtr: number, localCount: number, remotePtr: number, remoteCount: number, bits: number, write: boolean): number {
  if (bits !== 0) throw EINVAL;
  const [local, remote] = [piecesAt(task, localPtr, localCount), piecesAt(task, remotePtr, remoteCount)];
  const target = reachable(task, pid);
  let done = 0;
  try {
    for (let [here, there] = [local.shift(), remote.shift()]; here && there;) {
      const offset = there.ptr % PAGE_SIZE;
      const step = Math.min(here.length, there.length, PAGE_SIZE - offset);
      if (write) target.memory.writable(there.ptr, step).set(task.memory.readable(here.ptr, step));
      else task.memory.writable(here.ptr, step).set(target.memory.readable(there.ptr, step));
      done += step;
      here = advanced(here, step) ?? local.shift();
      there = advanced(there, step) ?? remote.shift();
    }
  } catch (error) {
    if (error !== EFAULT || done === 0) throw error;
  }
  return done;
}

const advanced = ({ ptr, length }: Piece, step: number): Piece | undefined => (length > step ? { ptr: ptr + step, length: length - step } : undefined);

const kcmpTypes = { KCMP_FILE: 0, KCMP_VM: 1, KCMP_FILES: 2, KCMP_FS: 3, KCMP_SIGHAND: 4, KCMP_IO: 5, KCMP_SYSVSEM: 6 } as const;

/** What each type compares; the same object of the kernel is the same resource. */
const compared: Readonly<Record<number, (task: Task, index: number) => object>> = {
  [kcmpTypes.KCMP_FILE]: (task, index) => task.files.get(index, true),
  [kcmpTypes.KCMP_VM]: (task) => task.space,
  [kcmpTypes.KCMP_FILES]: (task) => task.files,
  [kcmpTypes.KCMP_FS]: (task) => task.fs,
  [kcmpTypes.KCMP_SIGHAND]: (task) => task.process.actions,
  [kcmpTypes.KCMP_IO]: (task) => task.process,
  [kcmpTypes.KCMP_SYSVSEM]: (task) => task.process,
};

/** An order of objects that stays: the first one asked about is the smallest. */
const ranks = new WeakMap<object, number>();
let nextRank = 1;
function rankOf(object: object): number {
  const rank = ranks.get(object) ?? nextRank++;
  ranks.set(object, rank);
  return rank;
}

function kcmp(task: Task, pid1: number, pid2: number, type: number, index1: number, index2: number): number {
  const tasks = [pid1, pid2].map((pid) => task.kernel.tasks.get(pid));
  if (!tasks[0] || !tasks[1]) throw ESRCH;
  if (tasks.some((t) => !mayLookInto(task, t!.process))) throw EPERM;
  const of = compared[type];
  if (!of) throw EINVAL;
  const [a, b] = [rankOf(of(tasks[0], index1)), rankOf(of(tasks[1], index2))];
  return a === b ? 0 : a < b ? 1 : 2;
}

const adviceForOthers = { MADV_WILLNEED: 3, MADV_COLD: 20, MADV_PAGEOUT: 21, MADV_COLLAPSE: 25 } as const;

/** process_madvise(2): the advice that may be given about another process changes nothing here; the ranges are checked. */
function processMadvise(task: Task, fd: number, ptr: number, count: number, advice: number, bits: number): number {
  if (bits !== 0 || !Object.values(adviceForOthers).includes(advice as 3)) throw EINVAL;
  const pieces = piecesAt(task, ptr, count);
  const process = processOfFd(task, fd);
  if (process.zombie) throw ESRCH;
  if (!mayLookInto(task, process)) throw EPERM;
  for (const piece of pieces) {
    if (piece.ptr % PAGE_SIZE !== 0) throw EINVAL;
    if (!process.leader.space.covers(piece.ptr, Math.ceil(piece.length / PAGE_SIZE) * PAGE_SIZE)) throw ENOMEM;
  }
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

export const peerCalls: readonly SyscallRow[] = [
  sys(434, 'pidfd_open', [Pid, flags({ PIDFD_NONBLOCK: O_NONBLOCK })], pidfdOpen),
  sys(424, 'pidfd_send_signal', [Fd, Signal, Ptr, UInt], pidfdSendSignal),
  sys(438, 'pidfd_getfd', [Fd, Fd, UInt], pidfdGetfd),
  sys(310, 'process_vm_readv', [Pid, Ptr, Size, Ptr, Size, Size], (task, pid, local, localCount, remote, remoteCount, bits) => processVm(task, pid, local, localCount, remote, remoteCount, bits, false)),
  sys(311, 'process_vm_writev', [Pid, Ptr, Size, Ptr, Size, Size], (task, pid, local, localCount, remote, remoteCount, bits) => processVm(task, pid, local, localCount, remote, remoteCount, bits, true)),
  sys(312, 'kcmp', [Pid, Pid, oneOf(kcmpTypes), Fd, Fd], kcmp, 'KCMP_EPOLL_TFD is EINVAL'),
  sys(440, 'process_madvise', [Fd, Ptr, Size, Int, UInt], processMadvise, 'the ranges are checked; the advice changes nothing'),
  refuse(101, 'ptrace', EPERM, 'tracing is not there'),
];
