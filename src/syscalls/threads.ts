// Calls that threads need: futex, thread pointers and ids, robust lists, prctl.
import {
  archPrctl, CAP_SETPCAP, EAGAIN, EBUSY, EFAULT, EINVAL, ENOSYS, EPERM, ESRCH, ETIMEDOUT, CLOCK_MONOTONIC, CLOCK_REALTIME, FUTEX_CLOCK_REALTIME, FUTEX_PRIVATE_FLAG, futexOps, prctlOptions,
} from '../abi/index.ts';
import { Wait } from '../base/index.ts';
import { ADDRESS_END, state } from '../guest/index.ts';
import { writeProcessor } from '../linux/index.ts';
import type { FutexWaiter, Task } from '../linux/index.ts';
import { Hex, Int, oneOf, Pid, pointed, Ptr, quote, Size, UInt, ULongHex } from './codec.ts';
import type { Codec } from './codec.ts';
import { arranged, refuse, sys } from './row.ts';
import type { Result, SyscallRow } from './row.ts';
import { readTimespec } from './structs.ts';

const ANY_BIT = 0xffff_ffff;
const KERNEL_STRING = 16;

interface FutexArgs { ptr: number; op: number; value: number; fourth: number; ptr2: number; value3: number; isPrivate: boolean }

const keyOf = (task: Task, ptr: number, isPrivate: boolean): string => {
  if (ptr % 4 !== 0) throw EINVAL;
  if (ptr >= ADDRESS_END) throw EFAULT;
  return task.space.futexKey(ptr, isPrivate);
};

/** The monotonic deadline of a wait: FUTEX_WAIT's timeout counts from now, the others' are points of a clock. */
function futexDeadline(task: Task, args: FutexArgs): bigint | undefined {
  if (args.fourth === 0) return undefined;
  if (task.call!.deadlineNs !== undefined) return task.call!.deadlineNs;
  const ns = readTimespec(task, args.fourth);
  if ((args.op & 0x7f) === futexOps.FUTEX_WAIT) return task.deadline(ns);
  const now = args.op & FUTEX_CLOCK_REALTIME ? task.kernel.realtimeNs() : task.kernel.monotonicNs();
  return task.deadline(ns - now);
}

function wait(task: Task, args: FutexArgs, bitset: number): Result {
  const call = task.call!;
  if (bitset === 0) throw EINVAL;
  const deadline = futexDeadline(task, args);
  const isNew = call.kept === undefined;
  const waiter = (call.kept ??= startWaiting(task, args, bitset)) as FutexWaiter;
  if (waiter.done) return 0;
  if (deadline !== undefined && task.kernel.monotonicNs() >= deadline) {
    // Waiting over and over for less than a call takes lets others run, too: they may be the ones to wait for.
    if (isNew) task.kernel.scheduler.mustSwitch = true;
    throw ETIMEDOUT;
  }
  if (deadline !== undefined) call.neverRestart = true;
  return new Wait([waiter.woken], deadline);
}

function startWaiting(task: Task, args: FutexArgs, bitset: number): FutexWaiter {
  const key = keyOf(task, args.ptr, args.isPrivate);
  if (task.memory.readU32(args.ptr) !== args.value) throw EAGAIN;
  const waiter = task.kernel.futexes.add(key, bitset);
  task.call!.cleanup = () => { task.kernel.futexes.remove(waiter); };
  return waiter;
}

function wake(task: Task, args: FutexArgs, bitset: number): number {
  if (bitset === 0) throw EINVAL;
  return task.kernel.futexes.wake(keyOf(task, args.ptr, args.isPrivate), args.value | 0, bitset);
}

function requeue(task: Task, args: FutexArgs, expected: number | undefined): number {
  const [from, to] = [keyOf(task, args.ptr, args.isPrivate), keyOf(task, args.ptr2, args.isPrivate)];
  if ((args.value | 0) < 0 || (args.fourth | 0) < 0) throw EINVAL;
  if (expected !== undefined && task.memory.readU32(args.ptr) !== expected) throw EAGAIN;
  const woken = task.kernel.futexes.wake(from, args.value);
  const moved = task.kernel.futexes.requeue(from, to, args.fourth);
  return expected === undefined ? woken : woken + moved;
}

const wakeOperations: readonly ((old: number, arg: number) => number)[] = [(_, arg) => arg, (old, arg) => old + arg, (old, arg) => old | arg, (old, arg) => old & ~arg, (old, arg) => old ^ arg];
const comparisons: readonly ((old: number, arg: number) => boolean)[] = [(a, b) => a === b, (a, b) => a !== b, (a, b) => a < b, (a, b) => a <= b, (a, b) => a > b, (a, b) => a >= b];
const signed12 = (bits: number): number => (bits << 20) >> 20;

/** FUTEX_WAKE_OP: changes the second word, and wakes its waiters when the comparison with its old value holds. */
function wakeOp(task: Task, args: FutexArgs): number {
  const [key, key2] = [keyOf(task, args.ptr, args.isPrivate), keyOf(task, args.ptr2, args.isPrivate)];
  const code = args.value3;
  const shifted = (code >>> 28 & 8) !== 0;
  const operand = shifted ? 1 << (code >>> 12 & 31) : signed12(code >>> 12 & 0xfff);
  const [operation, comparison] = [wakeOperations[code >>> 28 & 7], comparisons[code >>> 24 & 15]];
  if (!operation || !comparison) throw ENOSYS;
  const old = task.memory.readI32(args.ptr2);
  task.memory.writeU32(args.ptr2, operation(old, operand) >>> 0);
  const woken = task.kernel.futexes.wake(key, args.value | 0);
  return comparison(old, signed12(code & 0xfff)) ? woken + task.kernel.futexes.wake(key2, args.fourth | 0) : woken;
}

const operations = new Map<number, (task: Task, args: FutexArgs) => Result>([
  [futexOps.FUTEX_WAIT, (task, args) => wait(task, args, ANY_BIT)],
  [futexOps.FUTEX_WAIT_BITSET, (task, args) => wait(task, args, args.value3)],
  [futexOps.FUTEX_WAKE, (task, args) => wake(task, args, ANY_BIT)],
  [futexOps.FUTEX_WAKE_BITSET, (task, args) => wake(task, args, args.value3)],
  [futexOps.FUTEX_REQUEUE, (task, args) => requeue(task, args, undefined)],
  [futexOps.FUTEX_CMP_REQUEUE, (task, args) => requeue(task, args, args.value3)],
  [futexOps.FUTEX_WAKE_OP, wakeOp],
]);

function futex(task: Task, ptr: number, op: number, value: number, fourth: number, ptr2: number, value3: number): Result {
  const operation = operations.get(op & 0x7f);
  if (!operation) throw ENOSYS;
  return operation(task, { ptr, op, value, fourth, ptr2, value3, isPrivate: (op & FUTEX_PRIVATE_FLAG) !== 0 });
}

const FUTEX_32 = 2, WAITV_MAX = 128, WAITV_SIZE = 24;

/** futex_waitv(2): waits on several words; tells which one was woken. */
function futexWaitv(task: Task, listPtr: number, count: number, bits: number, timeoutPtr: number, clockId: number): Result {
  if (bits !== 0 || count === 0 || count > WAITV_MAX || (timeoutPtr !== 0 && clockId !== CLOCK_REALTIME && clockId !== CLOCK_MONOTONIC)) throw EINVAL;
  const call = task.call!;
  const now = clockId === CLOCK_REALTIME ? task.kernel.realtimeNs() : task.kernel.monotonicNs();
  const deadline = timeoutPtr === 0 ? undefined : call.deadlineNs ?? task.deadline(readTimespec(task, timeoutPtr) - now);
  const waiters = (call.kept ??= startWaitingForAll(task, listPtr, count)) as FutexWaiter[];
  const woken = waiters.findIndex((waiter) => waiter.done);
  if (woken >= 0) return woken;
  if (deadline !== undefined && task.kernel.monotonicNs() >= deadline) throw ETIMEDOUT;
  if (deadline !== undefined) call.neverRestart = true;
  return new Wait(waiters.map((waiter) => waiter.woken), deadline);
}

function startWaitingForAll(task: Task, listPtr: number, count: number): FutexWaiter[] {
  const words = Array.from({ length: count }, (_, i) => wordAt(task, listPtr + i * WAITV_SIZE));
  for (const { ptr, value } of words) if (task.memory.readU32(ptr) !== value) throw EAGAIN;
  const waiters = words.map(({ key }) => task.kernel.futexes.add(key, ANY_BIT));
  task.call!.cleanup = () => { for (const waiter of waiters) task.kernel.futexes.remove(waiter); };
  return waiters;
}

/** struct futex_waitv: value, address, flags, reserved. */
function wordAt(task: Task, at: number): { key: string; ptr: number; value: number } {
  const [value, ptr, bits] = [Number(task.memory.readU64(at)), Number(task.memory.readU64(at + 8)), task.memory.readU32(at + 16)];
  if ((bits & ~FUTEX_PRIVATE_FLAG) !== FUTEX_32 || task.memory.readU32(at + 20) !== 0 || value > 0xffff_ffff) throw EINVAL;
  return { key: keyOf(task, ptr, (bits & FUTEX_PRIVATE_FLAG) !== 0), ptr, value };
}

const FutexOp: Codec<number> = {
  decode: Int.decode,
  print: (_, op) => {
    const name = Object.entries(futexOps).find(([, value]) => value === (op & 0x7f))?.[0] ?? String(op & 0x7f);
    return `${name}${op & FUTEX_PRIVATE_FLAG ? '_PRIVATE' : ''}${op & FUTEX_CLOCK_REALTIME ? '|FUTEX_CLOCK_REALTIME' : ''}`;
  },
};

const CANONICAL_END = 2n ** 47n;
function setBase(task: Task, offset: number, address: number): number {
  if (BigInt(Math.floor(address)) >= CANONICAL_END) throw EPERM;
  task.registers.setU64(offset, BigInt(address));
  return 0;
}

function doArchPrctl(task: Task, code: number, address: number): number {
  const get = (offset: number): number => { task.memory.writeU64(address, task.registers.u64(offset)); return 0; };
  if (code === archPrctl.ARCH_SET_FS) return setBase(task, state.fsBase, address);
  if (code === archPrctl.ARCH_SET_GS) return setBase(task, state.gsBase, address);
  if (code === archPrctl.ARCH_GET_FS) return get(state.fsBase);
  if (code === archPrctl.ARCH_GET_GS) return get(state.gsBase);
  throw EINVAL;
}

const ROBUST_HEAD_SIZE = 24;
const RSEQ_SIZE = 32, RSEQ_FLAG_UNREGISTER = 1;

function rseq(task: Task, ptr: number, length: number, flag: number, signature: number): number {
  const { sequences } = task;
  if (flag & RSEQ_FLAG_UNREGISTER) {
    if (flag & ~RSEQ_FLAG_UNREGISTER || sequences?.ptr !== ptr || sequences.length !== length) throw EINVAL;
    if (sequences.signature !== signature) throw EPERM;
    writeProcessor(task, sequences, false);
    task.sequences = undefined;
    return 0;
  }
  if (flag !== 0) throw EINVAL;
  if (sequences) {
    if (sequences.ptr !== ptr || sequences.length !== length) throw EINVAL;
    throw sequences.signature === signature ? EBUSY : EPERM;
  }
  if (ptr % RSEQ_SIZE !== 0 || length !== RSEQ_SIZE) throw EINVAL;
  writeProcessor(task, { ptr, length, signature }, true);
  task.sequences = { ptr, length, signature };
  return 0;
}

function setRobustList(task: Task, head: number, size: number): number {
  if (size !== ROBUST_HEAD_SIZE) throw EINVAL;
  task.robustListPtr = head;
  return 0;
}

function getRobustList(task: Task, tid: number, headPtr: number, sizePtr: number): number {
  const target = tid === 0 ? task : task.kernel.tasks.get(tid);
  if (!target) throw ESRCH;
  task.memory.writeU64(headPtr, BigInt(target.robustListPtr));
  task.memory.writeU64(sizePtr, BigInt(ROBUST_HEAD_SIZE));
  return 0;
}

function writeName(task: Task, ptr: number): number {
  const into = task.memory.writable(ptr, KERNEL_STRING).fill(0);
  for (let i = 0; i < task.name.length; i++) into[i] = task.name.charCodeAt(i);
  return 0;
}

/** PR_SET_NAME takes up to 15 bytes, whatever follows. */
function readName(task: Task, ptr: number): string {
  const length = task.memory.reach(ptr, KERNEL_STRING - 1, 1);
  if (length === 0) throw EFAULT;
  const bytes = task.memory.readable(ptr, length);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? length : end));
}

const { PR_SET_NAME, PR_GET_NAME, PR_SET_DUMPABLE, PR_GET_DUMPABLE, PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_SET_KEEPCAPS, PR_GET_KEEPCAPS, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
  PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, PR_GET_SECCOMP, PR_GET_SECUREBITS, PR_SET_TIMERSLACK, PR_GET_TIMERSLACK, PR_GET_TIMING, PR_CAP_AMBIENT, PR_SET_THP_DISABLE, PR_GET_THP_DISABLE, PR_GET_TID_ADDRESS,
  PR_SET_VMA } = prctlOptions;
const LAST_CAPABILITY = 40, DEFAULT_SLACK_NS = 50_000;
const PR_CAP_AMBIENT_IS_SET = 1, PR_CAP_AMBIENT_CLEAR_ALL = 4;

function setFlag(value: number, set: (on: boolean) => void): number {
  if (value > 1) throw EINVAL;
  set(value === 1);
  return 0;
}

function boundingBit(capability: number): bigint {
  if (capability > LAST_CAPABILITY) throw EINVAL;
  return 1n << BigInt(capability);
}

function dropBounding(task: Task, capability: number): number {
  if (!task.credentials.has(CAP_SETPCAP)) throw EPERM;
  task.credentials.bounding &= ~boundingBit(capability);
  return 0;
}

function ambient(task: Task, what: number, capability: number): number {
  if (what === PR_CAP_AMBIENT_CLEAR_ALL) { task.credentials.ambient = 0n; return 0; }
  const bit = boundingBit(capability);
  if (what === PR_CAP_AMBIENT_IS_SET) return task.credentials.ambient & bit ? 1 : 0;
  throw EINVAL;
}

const prctls = new Map<number, (task: Task, arg2: number, arg3: number) => number>([
  [PR_SET_NAME, (task, ptr) => { task.name = readName(task, ptr); return 0; }],
  [PR_GET_NAME, writeName],
  [PR_SET_DUMPABLE, (task, value) => setFlag(value, (on) => { task.process.dumpable = on ? 1 : 0; })],
  [PR_GET_DUMPABLE, (task) => task.process.dumpable],
  [PR_SET_PDEATHSIG, (task, signal) => { if (signal > 64) throw EINVAL; task.parentDeathSignal = signal; return 0; }],
  [PR_GET_PDEATHSIG, (task, ptr) => { task.memory.writeU32(ptr, task.parentDeathSignal); return 0; }],
  [PR_SET_KEEPCAPS, (task, value) => setFlag(value, (on) => { task.credentials.keepCaps = on; })],
  [PR_GET_KEEPCAPS, (task) => (task.credentials.keepCaps ? 1 : 0)],
  [PR_CAPBSET_READ, (task, capability) => (task.credentials.bounding & boundingBit(capability) ? 1 : 0)],
  [PR_CAPBSET_DROP, dropBounding],
  [PR_CAP_AMBIENT, ambient],
  [PR_SET_NO_NEW_PRIVS, (task, value) => { if (value !== 1) throw EINVAL; task.credentials.noNewPrivs = true; return 0; }],
  [PR_GET_NO_NEW_PRIVS, (task) => (task.credentials.noNewPrivs ? 1 : 0)],
  [PR_SET_CHILD_SUBREAPER, (task, value) => { task.process.subreaper = value !== 0; return 0; }],
  [PR_GET_CHILD_SUBREAPER, (task, ptr) => { task.memory.writeU32(ptr, task.process.subreaper ? 1 : 0); return 0; }],
  [PR_GET_TID_ADDRESS, (task, ptr) => { task.memory.writeU64(ptr, BigInt(task.clearChildTidPtr)); return 0; }],
  [PR_SET_TIMERSLACK, (task, ns) => { task.timerSlackNs = ns > 0 ? ns : DEFAULT_SLACK_NS; return 0; }],
  [PR_GET_TIMERSLACK, (task) => task.timerSlackNs],
  [PR_GET_SECCOMP, () => 0], [PR_GET_SECUREBITS, () => 0], [PR_GET_TIMING, () => 0], [PR_SET_THP_DISABLE, () => 0], [PR_GET_THP_DISABLE, () => 0],
  [PR_SET_VMA, () => 0],
]);

function prctl(task: Task, option: number, arg2: number, arg3: number): number {
  const act = prctls.get(option);
  if (!act) throw EINVAL;
  return act(task, arg2, arg3);
}

const FutexTimeout = pointed((task, ptr) => `{tv_sec=${task.memory.readU64(ptr)}, tv_nsec=${task.memory.readU64(ptr + 8)}}`);
/** The fourth argument is a timeout or a count. */
const FutexFourth: Codec<number> = {
  decode: Size.decode,
  print: (task, value, call) => ([futexOps.FUTEX_WAIT, futexOps.FUTEX_WAIT_BITSET].includes(((call.args[1] as number) & 0x7f) as 0) ? FutexTimeout.print(task, value, call) : String(value)),
};

/** How many arguments each operation uses. */
const futexArity = new Map<number, number>([[futexOps.FUTEX_WAIT, 4], [futexOps.FUTEX_WAKE, 3], [futexOps.FUTEX_REQUEUE, 5]]);
const FutexBits: Codec<number> = { decode: Hex.decode, print: (task, value, call) => (value === ANY_BIT ? 'FUTEX_BITSET_MATCH_ANY' : Hex.print(task, value, call)) };
/** Options that return or take a string. */
const PrctlArgument: Codec<number> = {
  decode: Size.decode,
  print: (task, value, call) => (call.args[0] === PR_SET_NAME ? quote(readName(task, value)) : ULongHex.print(task, value, call)),
};
const argumentlessPrctl = new Set<number>([PR_GET_DUMPABLE, PR_GET_KEEPCAPS, PR_GET_SECCOMP, PR_GET_SECUREBITS, PR_GET_TIMING, PR_GET_TIMERSLACK]);

export const threadCalls: readonly SyscallRow[] = [
  arranged(sys(202, 'futex', [Ptr, FutexOp, UInt, FutexFourth, Ptr, FutexBits], futex, 'no priority-inheriting operations'), (parts, args) => parts.slice(0, futexArity.get((args[1] as number) & 0x7f) ?? parts.length)),
  sys(449, 'futex_waitv', [Ptr, UInt, UInt, Ptr, Int], futexWaitv),
  sys(158, 'arch_prctl', [oneOf(archPrctl), ULongHex], doArchPrctl),
  arranged(sys(157, 'prctl', [oneOf(prctlOptions), PrctlArgument, ULongHex, ULongHex, ULongHex], prctl), (parts, args) =>
    (argumentlessPrctl.has(args[0] as number) ? parts.slice(0, 1) : args[0] === PR_SET_NAME || args[0] === PR_GET_NAME ? parts.slice(0, 2) : parts)),
  sys(218, 'set_tid_address', [Ptr], (task, ptr) => { task.clearChildTidPtr = ptr; return task.tid; }),
  sys(273, 'set_robust_list', [Ptr, Size], setRobustList),
  sys(274, 'get_robust_list', [Pid, Ptr, Ptr], getRobustList),
  sys(334, 'rseq', [Ptr, UInt, Hex, Hex], rseq),
  refuse(205, 'set_thread_area', ENOSYS, 'only for 32-bit programs'),
  refuse(211, 'get_thread_area', ENOSYS, 'only for 32-bit programs'),
  refuse(154, 'modify_ldt', ENOSYS, 'only for 16- and 32-bit programs'),
];
