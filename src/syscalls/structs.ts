// Reading and writing the small structures of process, time and signal calls: timespec, timeval, rusage, rlimit.
import { EINVAL } from '../abi/index.ts';
import type { Task } from '../linux/index.ts';

const NS = 1_000_000_000n;
const readI64 = (task: Task, ptr: number): bigint => BigInt.asIntN(64, task.memory.readU64(ptr));

/** A timespec as nanoseconds. Throws EFAULT, and EINVAL for a negative time or a wrong tv_nsec. */
export function readTimespec(task: Task, ptr: number): bigint {
  const [seconds, nanoseconds] = [readI64(task, ptr), readI64(task, ptr + 8)];
  if (seconds < 0n || nanoseconds < 0n || nanoseconds >= NS) throw EINVAL;
  return seconds * NS + nanoseconds;
}

export function writeTimespec(task: Task, ptr: number, ns: bigint): void {
  task.memory.writable(ptr, 16);
  task.memory.view.setBigInt64(ptr, ns / NS, true);
  task.memory.view.setBigInt64(ptr + 8, ns % NS, true);
}

/** A timeval as nanoseconds; EINVAL as for readTimespec. */
export function readTimeval(task: Task, ptr: number): bigint {
  const [seconds, microseconds] = [readI64(task, ptr), readI64(task, ptr + 8)];
  if (seconds < 0n || microseconds < 0n || microseconds >= 1_000_000n) throw EINVAL;
  return seconds * NS + microseconds * 1000n;
}

export function writeTimeval(task: Task, ptr: number, ns: bigint): void {
  task.memory.writable(ptr, 16);
  task.memory.view.setBigInt64(ptr, ns / NS, true);
  task.memory.view.setBigInt64(ptr + 8, ns % NS / 1000n, true);
}

export const RUSAGE_SIZE = 144;

/** struct rusage: the user time and the largest resident set are known, the rest is zero. */
export function writeRusage(task: Task, ptr: number, userNs: bigint, maxResidentBytes: number): void {
  task.memory.writable(ptr, RUSAGE_SIZE).fill(0);
  writeTimeval(task, ptr, userNs);
  task.memory.writeU64(ptr + 32, BigInt(Math.ceil(maxResidentBytes / 1024)));
}
