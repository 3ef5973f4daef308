// Calls that make, replace, end and wait for processes: fork, vfork, clone, execve, exit, wait4 and their relatives.
import {
  CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS, CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, CLONE_DETACHED, CLONE_FILES, CLONE_FS, CLONE_SIGHAND, CLONE_SYSVSEM, CLONE_PARENT_SETTID, CLONE_PIDFD, CLONE_SETTLS, CLONE_THREAD, CLONE_VFORK, CLONE_VM, cloneFlags, E2BIG, EINVAL, EPERM, EFAULT, ESRCH, AT_EMPTY_PATH, AT_FDCWD,
  AT_SYMLINK_NOFOLLOW, atFlags, P_ALL, P_PGID, P_PID, P_PIDFD, SIGCHLD, signalName, waitFlags, waitIds, WCONTINUED, WEXITED, WNOHANG, WSTOPPED, ENOSYS, ELOOP, S_IFLNK, S_IFMT,
} from '../abi/index.ts';
import { latin1, Wait } from '../base/index.ts';
import { clone, encodeSigInfo, exitedStatus, exitGroup, exitThread, takeReport } from '../linux/index.ts';
import type { ChildChoice, CloneRequest, Task } from '../linux/index.ts';
import { find } from '../vfs/index.ts';
import type { Place } from '../vfs/index.ts';
import { DirFd, flags, Hex, Int, oneOf, Path, Pid, pointed, Ptr, quote, Size, U64, printFlags } from './codec.ts';
import type { Codec } from './codec.ts';
import { addPidFile, processOfFd } from './peers.ts';
import { arranged, refuse, registersSet, sys } from './row.ts';
import type { Result, SyscallRow } from './row.ts';
import { writeRusage } from './structs.ts';

const EXIT_SIGNAL_MASK = 0xff;
const NEW_NAMESPACES = CLONE_NEWNS + CLONE_NEWCGROUP + CLONE_NEWUTS + CLONE_NEWIPC + CLONE_NEWUSER + CLONE_NEWPID + CLONE_NEWNET;

/** A request, and where the descriptor of the child goes. */
interface PidFdRequest extends CloneRequest { readonly pidFdPtr?: number | undefined }

/** Makes the child once; a vfork parent then waits until the child has its own memory. */
function start(task: Task, request: PidFdRequest): Result {
  const call = task.call!;
  const kept = call.kept as ReturnType<typeof clone> | undefined;
  const cloned = kept ?? cloneWithPidFd(task, request);
  call.kept = cloned;
  const { child, vfork } = cloned;
  if (!vfork || vfork.done) return child.tid;
  call.uninterruptible = true;
  return new Wait([vfork.queue]);
}

/** CLONE_PIDFD: the parent gets a descriptor of the child too. */
function cloneWithPidFd(task: Task, request: PidFdRequest): ReturnType<typeof clone> {
  if (request.pidFdPtr === undefined) return clone(task, request);
  task.files.requireRoom();
  task.memory.writable(request.pidFdPtr, 4);
  const cloned = clone(task, request);
  task.memory.writeU32(request.pidFdPtr, addPidFile(task, cloned.child.process));
  return cloned;
}

const plainFork = (cloneFlagsOfCall: number): CloneRequest => ({ flags: cloneFlagsOfCall, exitSignal: SIGCHLD, stack: 0, parentTidPtr: 0, childTidPtr: 0, tls: 0n });

function checked(request: PidFdRequest): PidFdRequest {
  const bits = BigInt(request.flags);
  if (bits & BigInt(CLONE_FS) && bits & BigInt(CLONE_NEWNS)) throw EINVAL;
  if (bits & BigInt(NEW_NAMESPACES)) throw EPERM;
  if (bits & BigInt(CLONE_PIDFD) && bits & BigInt(CLONE_THREAD | CLONE_DETACHED)) throw EINVAL;
  return request;
}

const doClone = (task: Task, raw: number, stack: number, parentTidPtr: number, childTidPtr: number, tls: bigint): Result => {
  const bits = raw & ~EXIT_SIGNAL_MASK;
  if (bits & CLONE_PIDFD && bits & CLONE_PARENT_SETTID) throw EINVAL;
  const pidFdPtr = bits & CLONE_PIDFD ? parentTidPtr : undefined;
  return start(task, checked({ flags: bits >>> 0, exitSignal: bits & CLONE_THREAD ? 0 : raw & EXIT_SIGNAL_MASK, stack, parentTidPtr, childTidPtr, tls, pidFdPtr }));
};

const CLONE_ARGS_MIN = 64;

/** struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, … as 64-bit words. */
function doClone3(task: Task, ptr: number, size: number): Result {
  if (size < CLONE_ARGS_MIN) throw EINVAL;
  if (size > 4096) throw E2BIG;
  task.memory.readable(ptr, size);
  for (let at = 88; at < size; at++) if (task.memory.bytes[ptr + at] !== 0) throw E2BIG;
  const word = (n: number): number => Number(task.memory.readU64(ptr + 8 * n));
  const [stack, stackSize] = [word(5), word(6)];
  if (size > CLONE_ARGS_MIN && word(8) !== 0) throw EPERM;
  if (word(0) & EXIT_SIGNAL_MASK || word(4) > 64 || (stack === 0) !== (stackSize === 0)) throw EINVAL;
  return start(task, checked({ flags: word(0), exitSignal: word(4), stack: stack + stackSize, parentTidPtr: word(3), childTidPtr: word(2), tls: task.memory.readU64(ptr + 56), pidFdPtr: word(0) & CLONE_PIDFD ? word(1) : undefined }));
}

/** clone's flags and the exit signal in their low byte. */
const CloneFlags: Codec<number> = {
  decode: Hex.decode,
  print: (_, value) => {
    const names = printFlags(Object.entries(cloneFlags), (value & ~EXIT_SIGNAL_MASK) >>> 0, '');
    const signal = value & EXIT_SIGNAL_MASK;
    return [names, signal ? signalName(signal) : ''].filter((s) => s !== '').join('|') || '0';
  },
};

const MAX_STRING = 131072;

/** argv or envp: a NULL-terminated array of strings; NULL is the empty array. Throws EFAULT, E2BIG. */
function readStrings(task: Task, ptr: number): string[] {
  const strings: string[] = [];
  if (ptr === 0) return strings;
  for (let at = ptr; ; at += 8) {
    const string = Number(task.memory.readU64(at));
    if (string === 0) return strings;
    if (strings.length > 100_000) throw E2BIG;
    strings.push(readArgument(task, string));
  }
}

function readArgument(task: Task, ptr: number): string {
  const bytes = task.memory.readCString(ptr, MAX_STRING);
  if (!bytes) throw E2BIG;
  return latin1(bytes);
}

const Strings: Codec<number> = pointed((task, ptr) => `[${readStrings(task, ptr).map((s) => quote(s, 32)).join(', ')}]`);
const Environment: Codec<number> = pointed((task, ptr) => `0x${ptr.toString(16)} /* ${readStrings(task, ptr).length} vars */`);

function execveat(task: Task, dirFd: number, path: string, argvPtr: number, envpPtr: number, flag: number): Result {
  const place = executable(task, dirFd, path, flag);
  if (flag & AT_SYMLINK_NOFOLLOW && (place.inode.mode & S_IFMT) === S_IFLNK) throw ELOOP;
  const name = path === '' ? `/dev/fd/${dirFd}` : path.startsWith('/') || dirFd === AT_FDCWD ? path : `/dev/fd/${dirFd}/${path}`;
  const argv = readStrings(task, argvPtr);
  task.kernel.exec(task, { place, path: name, argv: argv.length > 0 ? argv : [''], envp: readStrings(task, envpPtr) });
  return 0;
}

function executable(task: Task, dirFd: number, path: string, flag: number): Place {
  const base = path.startsWith('/') || dirFd === AT_FDCWD ? task.fs.cwd : task.files.get(dirFd, true).place;
  if (!base) throw EFAULT;
  return find(task.fs.walkContext(task.credentials), base, path, { follow: !(flag & AT_SYMLINK_NOFOLLOW), emptyPath: (flag & AT_EMPTY_PATH) !== 0 });
}

const UNSHARABLE = CLONE_FILES | CLONE_FS | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_VM | CLONE_THREAD;

/** unshare(2): descriptors and the file-system context become the task's own; what only clone can separate is EINVAL when there are several threads. */
function unshare(task: Task, bits: number): number {
  if (BigInt(bits) & BigInt(NEW_NAMESPACES)) throw EPERM;
  if (bits & ~UNSHARABLE) throw EINVAL;
  if (bits & (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD) && task.process.tasks.size > 1) throw EINVAL;
  const others = [...task.kernel.tasks.values()].filter((t) => t !== task);
  if (bits & CLONE_FILES && others.some((t) => t.files === task.files)) task.files = task.files.copy();
  if (bits & CLONE_FS && others.some((t) => t.fs === task.fs)) task.fs = task.fs.copy();
  return 0;
}

const WAIT4_OPTIONS = 0xe000_000b, WAITID_OPTIONS = 0xe100_000f;

const wait4Choice = (task: Task, pid: number): ChildChoice => (pid === -1 ? { all: true } : pid === 0 ? { group: task.process.group.id } : pid < 0 ? { group: -pid } : { pid });

function wait4(task: Task, pid: number, statusPtr: number, options: number, rusagePtr: number): Result {
  if ((options & ~WAIT4_OPTIONS) !== 0) throw EINVAL;
  if (pid === -0x8000_0000) throw ESRCH;
  const report = takeReport(task.process, wait4Choice(task, pid), (options & ~WNOHANG) | WEXITED);
  if (!report) return options & WNOHANG ? 0 : new Wait([task.process.childChanged]);
  if (statusPtr !== 0) task.memory.writeU32(statusPtr, report.status);
  if (rusagePtr !== 0) writeRusage(task, rusagePtr, report.userNs, report.child.leader.space.sizeBytes);
  return report.child.pid;
}

function waitid(task: Task, idType: number, id: number, infoPtr: number, options: number, rusagePtr: number): Result {
  if ((options & ~WAITID_OPTIONS) !== 0 || (options & (WEXITED | WSTOPPED | WCONTINUED)) === 0) throw EINVAL;
  const choice: ChildChoice | undefined = idType === P_PIDFD ? { pid: processOfFd(task, id).pid } : idType === P_ALL ? { all: true } : idType === P_PID && id > 0 ? { pid: id } : idType === P_PGID && id >= 0 ? { group: id || task.process.group.id } : undefined;
  if (!choice) throw EINVAL;
  const report = takeReport(task.process, choice, options & ~WNOHANG);
  if (!report && !(options & WNOHANG)) return new Wait([task.process.childChanged]);
  if (infoPtr !== 0) {
    const info = report && encodeSigInfo({ signo: SIGCHLD, code: report.code, pid: report.child.pid, uid: report.child.leader.credentials.uid, status: report.detail });
    task.memory.writable(infoPtr, 128).set(info ?? new Uint8Array(128));
  }
  if (report && rusagePtr !== 0) writeRusage(task, rusagePtr, report.userNs, report.child.leader.space.sizeBytes);
  return 0;
}

function statusText(status: number): string {
  const signal = status & 0x7f;
  if (status === 0xffff) return 'WIFCONTINUED(s)';
  if ((status & 0xff) === 0x7f) return `WIFSTOPPED(s) && WSTOPSIG(s) == ${signalName(status >> 8)}`;
  if (signal === 0) return `WIFEXITED(s) && WEXITSTATUS(s) == ${status >> 8}`;
  return `WIFSIGNALED(s) && WTERMSIG(s) == ${signalName(signal)}${status & 0x80 ? ' && WCOREDUMP(s)' : ''}`;
}
const WaitStatus = pointed((task, ptr, { result }) => (result === 0 ? `0x${ptr.toString(16)}` : `[{${statusText(task.memory.readU32(ptr))}}]`), 'out');
const WaitOptions = flags(waitFlags);

export const processCalls: readonly SyscallRow[] = [
  arranged(sys(56, 'clone', [CloneFlags, Ptr, Ptr, Ptr, U64], doClone, 'no namespaces'), ([flagNames, stack, parentTid, childTid, tls], [bits]) => [
    `child_stack=${stack}`, `flags=${flagNames}`, ...((bits as number) & CLONE_PARENT_SETTID ? [`parent_tid=${parentTid}`] : []), ...((bits as number) & CLONE_SETTLS ? [`tls=0x${BigInt(tls!).toString(16)}`] : []),
    ...((bits as number) & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID) ? [`child_tidptr=${childTid}`] : []),
  ]),
  sys(57, 'fork', [], (task) => start(task, plainFork(0))),
  sys(58, 'vfork', [], (task) => start(task, plainFork(CLONE_VM | CLONE_VFORK))),
  sys(435, 'clone3', [Ptr, Size], doClone3, 'no namespaces, no set_tid'),
  sys(59, 'execve', [Path, Strings, Environment], (task, path, argv, envp) => execveat(task, AT_FDCWD, path, argv, envp, 0)),
  sys(322, 'execveat', [DirFd, Path, Strings, Environment, flags(atFlags)], execveat),
  sys(60, 'exit', [Int], (task, code) => { exitThread(task, exitedStatus(code)); return registersSet; }),
  sys(231, 'exit_group', [Int], (task, code) => { exitGroup(task.process, exitedStatus(code)); return registersSet; }),
  sys(61, 'wait4', [Pid, WaitStatus, WaitOptions, Ptr], wait4),
  sys(247, 'waitid', [oneOf(waitIds), Pid, Ptr, WaitOptions, Ptr], waitid),
  sys(272, 'unshare', [flags(cloneFlags)], unshare, 'namespaces are EPERM'),
  refuse(308, 'setns', EPERM, 'namespaces cannot be joined'),
];
